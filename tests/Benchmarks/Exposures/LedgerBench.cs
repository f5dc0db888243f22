using System.Globalization;
using Delivery.EmbeddedPostgres;
using Delivery.Testing;
using Npgsql;

namespace Delivery.Benchmarks.Exposures;

/// <summary>A fresh PostgreSQL with fsync on and the server as a process of its own, as the ledger's measurements need them.</summary>
internal sealed class LedgerBench : IAsyncDisposable
{
    /// <summary>Of Linux's clock in <c>/proc</c>, on every architecture .NET runs on.</summary>
    private const int TicksPerSecond = 100;

    private LedgerBench(PostgresCluster cluster, string connectionString, ServerProcess server) =>
        (Cluster, Database, Server) = (cluster, NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { CommandTimeout = 0 }), server);

    public PostgresCluster Cluster { get; }

    public NpgsqlDataSource Database { get; }

    public ServerProcess Server { get; }

    /// <param name="settings">The server's, beside the connection string.</param>
    /// <param name="dataDirectory">A database that is kept; null takes a fresh one and deletes it at the end.</param>
    public static async Task<LedgerBench> StartAsync(
        IReadOnlyDictionary<string, string>? settings, CancellationToken cancellationToken, string? dataDirectory = null)
    {
        var cluster = await PostgresCluster.StartAsync(new PostgresClusterOptions { Ephemeral = dataDirectory is null, DataDirectory = dataDirectory }, cancellationToken);
        var connectionString = await cluster.EnsureDatabaseAsync("ledger", cancellationToken);
        var quiet = new Dictionary<string, string>(settings ?? new Dictionary<string, string>())
        {
            ["Logging:LogLevel:Default"] = "Warning",
            ["Logging:LogLevel:Microsoft.Hosting.Lifetime"] = "Information",
        };
        var bench = new LedgerBench(cluster, connectionString, await ServerProcess.StartAsync(connectionString, cancellationToken, quiet));
        bench.Server.Http.Timeout = TimeSpan.FromMinutes(5);
        return bench;
    }

    /// <summary>Processor time that PostgreSQL took so far, over all its processes, those that have ended included.</summary>
    public TimeSpan DatabaseProcessorTime
    {
        get
        {
            var postmaster = int.Parse(File.ReadLines(Path.Combine(Cluster.DataDirectory, "postmaster.pid")).First(), CultureInfo.InvariantCulture);
            var all = Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(name => name!.All(char.IsAsciiDigit))
                .Select(name => Times(int.Parse(name!, CultureInfo.InvariantCulture))).ToList();
            var ticks = all.Where(times => times.Process == postmaster).Sum(times => times.Own + times.Ended)
                + all.Where(times => times.Parent == postmaster).Sum(times => times.Own);
            return TimeSpan.FromSeconds((double)ticks / TicksPerSecond);
        }
    }

    /// <summary>Waits until what reads the ledger in the background is through with it, and PostgreSQL with what it does to tables afterwards.</summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        TimeSpan before;
        do
        {
            before = Server.ProcessorTime + DatabaseProcessorTime;
            await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken);
        }
        while (Server.ProcessorTime + DatabaseProcessorTime - before > TimeSpan.FromSeconds(0.3));
    }

    public async Task<T> ScalarAsync<T>(string sql, CancellationToken cancellationToken)
    {
        await using var command = Database.CreateCommand(sql);
        command.CommandTimeout = 0;
        return (T)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = Database.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The value of <c>--name N</c>.</summary>
    public static int Option(string[] args, string name, int otherwise) =>
        Text(args, name) is { } value ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;

    /// <summary>The value of <c>--name TEXT</c>.</summary>
    public static string? Text(string[] args, string name) =>
        Array.IndexOf(args, $"--{name}") is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[sorted.Count / 2 - 1] + sorted[sorted.Count / 2]) / 2;
    }

    /// <summary>What <c>/proc</c> says of a process (proc(5)): who started it, its ticks, and those of its children that ended. Nothing of one that has ended.</summary>
    private static (int Process, int Parent, long Own, long Ended) Times(int process)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{process}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return (process, int.Parse(fields[1], CultureInfo.InvariantCulture), Sum(fields[11..13]), Sum(fields[13..15]));
        }
        catch (IOException)
        {
            return default;
        }
    }

    private static long Sum(string[] ticks) => ticks.Sum(text => long.Parse(text, CultureInfo.InvariantCulture));

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Database.DisposeAsync();
        await Cluster.DisposeAsync();
    }
}
