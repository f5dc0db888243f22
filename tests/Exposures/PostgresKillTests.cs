using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Delivery.EmbeddedPostgres;
using Delivery.Testing;
using Npgsql;

namespace Delivery.Exposures.Tests;

/// <summary>
/// <c>kill -9</c> of PostgreSQL's processes under load, and a stop of it, with fsync on. <c>DELIVERY_POSTGRES_KILLS</c> says how
/// often (default 2; tests/Exposures/kill-50-10.sh runs 10).
/// </summary>
public sealed class PostgresKillTests
{
    private const int RowsPerBatch = 50;
    private const int Senders = 4;
    private const int AcknowledgedBetweenKills = 10;

    private readonly ConcurrentDictionary<int, bool> _acknowledged = [];
    private readonly ConcurrentDictionary<int, int> _refused = [];
    private readonly Random _random = new(20261127);
    private int _last = -1;

    private static int Kills => int.Parse(Environment.GetEnvironmentVariable("DELIVERY_POSTGRES_KILLS") ?? "2", CultureInfo.InvariantCulture);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task what_was_acknowledged_before_postgresql_was_killed_or_stopped_is_there_once_and_the_chain_holds()
    {
        var directory = Directory.CreateTempSubdirectory("delivery-ledger").FullName;
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(directory, (UnixFileMode)0b111_101_101); // PostgreSQL runs under an account of its own.
        var options = new PostgresClusterOptions { DataDirectory = Path.Combine(directory, "data"), Password = "ledger" };
        var cluster = await PostgresCluster.StartAsync(options, Cancelled);
        options = options with { Port = cluster.Port };
        var database = await cluster.EnsureDatabaseAsync("ledger", Cancelled);
        await using (var server = await ServerProcess.StartAsync(database, Cancelled))
        {
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
            var senders = Enumerable.Range(0, Senders).Select(_ => SendAsync(server.Http, enough.Token)).ToList();
            for (var kill = 0; kill <= Kills; kill++)
            {
                await AcknowledgedAsync(_acknowledged.Count + AcknowledgedBetweenKills);
                cluster = await BreakAsync(kill, cluster, options, database);
            }

            await AcknowledgedAsync(_acknowledged.Count + AcknowledgedBetweenKills);
            await enough.CancelAsync();
            await Task.WhenAll(senders);
        }

        _refused.Keys.ShouldBeSubsetOf([429, 503]);
        _refused.ShouldNotBeEmpty();
        NpgsqlConnection.ClearAllPools();
        await using (var ledger = Ledger.On(database))
            await CheckAsync(ledger);
        await cluster.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>First the postmaster, then one of its backends, and so on; last an orderly stop.</summary>
    private async Task<PostgresCluster> BreakAsync(int kill, PostgresCluster cluster, PostgresClusterOptions options, string database)
    {
        if (kill < Kills && kill % 2 == 1)
        {
            await KillAsync(await BackendAsync(database));
            return cluster;
        }

        if (kill < Kills)
            await KillAsync(int.Parse(File.ReadLines(Path.Combine(cluster.DataDirectory, "postmaster.pid")).First(), CultureInfo.InvariantCulture));
        await cluster.DisposeAsync();
        return await PostgresCluster.StartAsync(options, Cancelled);
    }

    private static async Task KillAsync(int process)
    {
        using var killed = Process.GetProcessById(process);
        killed.Kill();
        await killed.WaitForExitAsync(Cancelled);
    }

    private async Task<int> BackendAsync(string database)
    {
        await using var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync(Cancelled);
        await using var command = new NpgsqlCommand("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY pid", connection);
        var backends = new List<int>();
        await using var reader = await command.ExecuteReaderAsync(Cancelled);
        while (await reader.ReadAsync(Cancelled))
            backends.Add(reader.GetInt32(0));
        return backends[_random.Next(backends.Count)];
    }

    private async Task AcknowledgedAsync(int batches)
    {
        var patience = Stopwatch.StartNew();
        while (_acknowledged.Count < batches)
        {
            patience.Elapsed.ShouldBeLessThan(TimeSpan.FromMinutes(2));
            await Task.Delay(TimeSpan.FromMilliseconds(5), Cancelled);
        }
    }

    /// <summary>Sends batch after batch, each until it is acknowledged.</summary>
    private async Task SendAsync(HttpClient http, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            var batch = Interlocked.Increment(ref _last);
            HttpStatusCode status;
            do
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, "/sdk/v1/exposures") { Content = new StringContent(Body(batch), Encoding.UTF8, "application/json") };
                request.Headers.Add("X-Source", "killed");
                request.Headers.Add("X-Batch", batch.ToString(CultureInfo.InvariantCulture));
                using var response = await http.SendAsync(request, Cancelled);
                status = response.StatusCode;
                if (status == HttpStatusCode.OK)
                    _acknowledged[batch] = true;
                else
                    _refused.AddOrUpdate((int)status, 1, (_, count) => count + 1);
            }
            while (status != HttpStatusCode.OK && !enough.IsCancellationRequested);
        }
    }

    private async Task CheckAsync(Ledger ledger)
    {
        await using var command = ledger.Database.CreateCommand("SELECT sequence, count(*), count(DISTINCT id) FROM exposures.recorded_exposures GROUP BY sequence");
        var stored = new HashSet<int>();
        await using (var reader = await command.ExecuteReaderAsync(Cancelled))
        {
            while (await reader.ReadAsync(Cancelled))
            {
                (reader.GetInt64(1), reader.GetInt64(2)).ShouldBe((RowsPerBatch, RowsPerBatch));
                stored.Add((int)reader.GetInt64(0));
            }
        }

        _acknowledged.Keys.Where(batch => !stored.Contains(batch)).ShouldBeEmpty();
        var verified = await ledger.GetAsync("/api/v1/ledger/verify");
        (verified.GetProperty("valid").GetBoolean(), verified.GetProperty("rows").GetInt64()).ShouldBe((true, stored.Count * (long)RowsPerBatch));
    }

    private static string Body(int batch) => Exposures.Array(Enumerable.Range(0, RowsPerBatch).Select(row =>
        Exposures.Make(batch * RowsPerBatch + row, "killed", time: DateTimeOffset.UnixEpoch.AddSeconds(row)).With("sequence", batch)));
}
