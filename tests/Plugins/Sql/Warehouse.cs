using Delivery.EmbeddedPostgres;
using Npgsql;

namespace Delivery.Plugins.Tests.Sql;

/// <summary>A real PostgreSQL with TLS, a table of requests and a role that may only read it; it can be stopped and started.</summary>
public sealed class Warehouse : IAsyncLifetime
{
    public const string Reader = "analyst";
    public const string Password = "only looking";

    private readonly string _directory = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
    private PostgresCluster? _cluster;
    private NpgsqlDataSource? _admin;
    private int _arms;

    /// <summary>As superuser.</summary>
    internal NpgsqlDataSource Admin => _admin ?? throw new InvalidOperationException("the fixture has not started");

    internal int Port { get; } = FreePort.Take();

    /// <summary>The certificate that the server shows, and that signed itself.</summary>
    internal string CertificateFile => _directory + ".crt";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await StartAsync(Token);
        await RunAsync($"""
            create table requests (arm text not null, at timestamptz not null, seconds numeric not null, failed bool not null);
            create table secrets (x int);
            create role {Reader} login password '{Password}';
            grant select on requests to {Reader};
            create function writes() returns int language sql as 'insert into requests values (''x'', now(), 1, false); select 1';
            alter function writes() security definer;
            """);
        var (certificate, key) = Certificates.SelfSigned();
        await File.WriteAllTextAsync(CertificateFile, certificate, Token);
        foreach (var (name, text) in new[] { ("server.crt", certificate), ("server.key", key) })
            await RunAsync($"copy (select unnest(string_to_array('{text}', E'\\n'))) to program 'cat > {name} && chmod 600 {name}'");
        await RunAsync("alter system set ssl = on");
        await RunAsync("select pg_reload_conf()");
        await Until.TrueAsync(async () => (string)(await ScalarAsync("show ssl"))! == "on");
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (Directory.Exists(_directory))
            Directory.Delete(_directory, recursive: true);
        File.Delete(CertificateFile);
    }

    internal string Arm(string arm) => $"{arm}-{Interlocked.Increment(ref _arms)}";

    internal async Task StartAsync(CancellationToken cancellationToken)
    {
        _cluster = await PostgresCluster.StartAsync(new PostgresClusterOptions { DataDirectory = _directory, Port = Port, FastUnsafe = true }, cancellationToken);
        _admin = NpgsqlDataSource.Create(_cluster.ConnectionString);
    }

    internal async Task StopAsync()
    {
        if (_admin is not null)
            await _admin.DisposeAsync();
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    internal async Task RunAsync(string sql)
    {
#pragma warning disable CA2100 // A test's own text.
        await using var command = Admin.CreateCommand(sql);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(Token);
    }

    internal async Task<object?> ScalarAsync(string sql)
    {
#pragma warning disable CA2100 // A test's own text.
        await using var command = Admin.CreateCommand(sql);
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync(Token);
    }
}
