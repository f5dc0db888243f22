using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Delivery.EmbeddedPostgres;

/// <summary>
/// A PostgreSQL server of this machine's programs that lives as long as this object, listening on 127.0.0.1 only.
/// It also ends when this process is killed; what that leaves behind is cleaned up by the next start.
/// </summary>
public sealed class PostgresCluster : IAsyncDisposable
{
    private const int PortAttempts = 3;

    private readonly PostgresClusterOptions _options;
    private readonly ClusterDirectory _directory;
    private readonly ServerProcess _process;
    private bool _disposed;

    private PostgresCluster(
        PostgresClusterOptions options, ClusterDirectory directory, ServerProcess process, ServerInstallation server, int port)
    {
        _options = options;
        _directory = directory;
        _process = process;
        Server = server;
        Port = port;
        ConnectionString = ConnectionStringTo("postgres");
    }

    /// <summary>To the database <c>postgres</c>, as superuser. It holds the password.</summary>
    public string ConnectionString { get; }

    /// <summary>The TCP port on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>The programs that run.</summary>
    public ServerInstallation Server { get; }

    /// <summary>PostgreSQL's data directory.</summary>
    public string DataDirectory => _directory.Path;

    /// <summary>The file (mode 0600) with the superuser's password.</summary>
    public string PasswordFile => _directory.PasswordFile;

    /// <summary>Finds a server, makes the data directory if need be, stops a left-over server, and starts.</summary>
    /// <returns>The cluster, once it answers a query.</returns>
    /// <exception cref="PostgresClusterException">It can't run here; the message says what to do.</exception>
    public static async Task<PostgresCluster> StartAsync(PostgresClusterOptions options, CancellationToken cancellationToken)
    {
        if (options.Ephemeral)
            await EphemeralLeftOvers.SweepAsync(options.Patience, cancellationToken);
        var directory = options.Ephemeral
            ? ClusterDirectory.OpenEphemeral()
            : ClusterDirectory.OpenLasting(options.DataDirectory ?? throw new PostgresClusterException("Give a data directory, or Ephemeral."));
        try
        {
            return await StartInAsync(directory, options, cancellationToken);
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Whether a running platform uses this data directory.</summary>
    public static bool IsInUse(string dataDirectory) =>
        ClusterDirectory.IsInUse(Path.TrimEndingDirectorySeparator(Path.GetFullPath(dataDirectory)));

    /// <summary>The password of a lasting cluster, made now if there is none yet: for who must tell it before the start.</summary>
    /// <exception cref="PostgresClusterException">A running platform uses the directory, or its password is lost.</exception>
    public static string EnsurePassword(string dataDirectory)
    {
        using var directory = ClusterDirectory.OpenLasting(dataDirectory);
        return directory.IsMade && !File.Exists(directory.PasswordFile)
            ? throw LostPassword(directory)
            : directory.SettlePassword(given: null);
    }

    /// <summary>A new password, as made for clusters without one.</summary>
    public static string NewPassword() => ClusterDirectory.NewPassword();

    /// <summary>
    /// Whether the server answers and has the database that the connection string names. It asks the database
    /// <c>postgres</c>, since asking for an absent one fills the server's log.
    /// </summary>
    public static async Task<bool> HasDatabaseAsync(string connectionString, CancellationToken cancellationToken)
    {
        var target = new NpgsqlConnectionStringBuilder(connectionString);
        try
        {
            await using var connection = new NpgsqlConnection(
                new NpgsqlConnectionStringBuilder(connectionString) { Database = "postgres", Pooling = false }.ConnectionString);
            await connection.OpenAsync(cancellationToken);
            return await ExistsAsync(connection, target.Database!, cancellationToken);
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    /// <summary>A connection string, as superuser, to a database that may not exist yet. It holds the password.</summary>
    public string ConnectionStringTo(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Database = database,
        Username = InitDb.Superuser,
        Password = _directory.Password,
        // Of a server on this machine nothing is lost on the way: who waits longer than the default waits for a busy processor.
        Timeout = 60,
    }.ConnectionString;

    /// <summary>Makes a database unless it exists.</summary>
    /// <returns>Its connection string.</returns>
    public async Task<string> EnsureDatabaseAsync(string name, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(Unpooled(ConnectionString));
        await connection.OpenAsync(cancellationToken);
        if (!await ExistsAsync(connection, name, cancellationToken))
        {
#pragma warning disable CA2100 // DDL takes no parameters; the name is quoted as an identifier.
            await using var create = new NpgsqlCommand($"create database {new NpgsqlCommandBuilder().QuoteIdentifier(name)}", connection);
#pragma warning restore CA2100
            await create.ExecuteNonQueryAsync(cancellationToken);
        }

        return ConnectionStringTo(name);
    }

    /// <summary>Completes when the server has ended, whoever ended it.</summary>
    public Task WaitForExitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    /// <summary>Stops the server (fast shutdown) and, for an ephemeral cluster, deletes its data. A second call does nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        await _process.StopAsync(Server, DataDirectory, _options.Patience);
        _process.Dispose();
        _directory.Dispose();
    }

    private static async Task<PostgresCluster> StartInAsync(
        ClusterDirectory directory, PostgresClusterOptions options, CancellationToken cancellationToken)
    {
        var machine = SearchSurroundings.ThisMachine();
        if (options.BinDirectory is { } given)
            machine = machine with { EnvironmentVariable = name => name == "PG_BIN" ? given : Environment.GetEnvironmentVariable(name) };
        var server = await ServerSearch.FindAsync(machine, directory.MajorVersion, cancellationToken);
        var account = ServiceAccount.Choose();
        if (directory.IsMade)
            await LeftOverServer.StopAsync(directory.Path, options.Patience, cancellationToken);
        else
            await InitDb.RunAsync(directory, server, account, options, cancellationToken);
        if (!File.Exists(directory.PasswordFile))
            throw LostPassword(directory);

        for (var attempt = 1; ; attempt++)
        {
            var port = options.Port ?? FreePort();
            var command = ServerSettings.CommandLine(server, directory.Path, port, options.FastUnsafe);
            var process = ServerProcess.Start(command, account, options.Output);
            var cluster = new PostgresCluster(options, directory, process, server, port);
            try
            {
                if (await cluster.AnswersAsync(cancellationToken))
                    return cluster;
                // Another process may have taken the free port in between.
                if (options.Port is not null || attempt == PortAttempts)
                    throw new PostgresClusterException($"PostgreSQL stopped at its start:\n{process.LastLines}");
                process.Dispose();
            }
            catch
            {
                await process.StopAsync(server, directory.Path, options.Patience);
                process.Dispose();
                throw;
            }
        }
    }

    /// <summary>Waits until a query is answered; false when the server ends before.</summary>
    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.Patience);
        try
        {
            while (!_process.HasExited)
            {
                if (IsReady() && await CanConnectAsync(limit.Token))
                    return true;
                await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
            }

            await _process.WaitForExitAsync(limit.Token);
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new PostgresClusterException($"PostgreSQL did not answer within {_options.Patience.TotalSeconds:0} s:\n{_process.LastLines}");
        }
    }

    /// <summary>The server writes its state into the eighth line of its pid file; asking it earlier only fills its log.</summary>
    private bool IsReady()
    {
        var pidFile = Path.Combine(DataDirectory, "postmaster.pid");
        try
        {
            return File.Exists(pidFile) && File.ReadLines(pidFile).ElementAtOrDefault(7)?.Trim() == "ready";
        }
        catch (IOException)
        {
            return false;
        }
    }

    private async Task<bool> CanConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = new NpgsqlConnection(Unpooled(ConnectionString));
            await connection.OpenAsync(cancellationToken);
            return true;
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InvalidPassword)
        {
            throw new PostgresClusterException($"The password in {PasswordFile} is not that of {DataDirectory}.", exception);
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private static async Task<bool> ExistsAsync(NpgsqlConnection connection, string database, CancellationToken cancellationToken)
    {
        await using var query = new NpgsqlCommand("select 1 from pg_database where datname = $1", connection) { Parameters = { new() { Value = database } } };
        return await query.ExecuteScalarAsync(cancellationToken) is not null;
    }

    private static PostgresClusterException LostPassword(ClusterDirectory directory) =>
        new($"The data directory {directory.Path} has lost its password file {directory.PasswordFile}.");

    private static string Unpooled(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
