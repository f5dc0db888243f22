using Delivery.Plugins.Compliance;
using Delivery.Plugins.Measuring;
using Delivery.Plugins.Sql;
using Npgsql;

namespace Delivery.Plugins.Tests.Sql;

/// <summary>The plugin on a real PostgreSQL; every harness has arms of its own.</summary>
internal sealed class SqlHarness : IMetricSourceHarness
{
    private const string Where = "from requests where arm = any(@arms) and at >= @from and at < @to";

    private readonly Warehouse _warehouse;
    private readonly List<IAsyncDisposable> _used = [];

    public SqlHarness(Warehouse warehouse)
    {
        _warehouse = warehouse;
        (Stable, Canary) = (warehouse.Arm("stable"), warehouse.Arm("canary"));
        Source = SourceOf(Options());
    }

    public IMetricSource Source { get; }
    public string Route => "shop";
    public string Stable { get; }
    public string Canary { get; }
    public DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public SqlOptions Options() => new()
    {
        Host = "127.0.0.1",
        Port = _warehouse.Port,
        Database = "postgres",
        User = Warehouse.Reader,
        Password = new Secret(Warehouse.Password),
        CertificateAuthority = _warehouse.CertificateFile,
        Metrics =
        {
            ["http"] = new() { Query = $"select arm, count(*) as trials, count(*) filter (where failed) as events, max(at) as last_at {Where} group by arm" },
            ["duration"] = new() { Shape = MetricShape.Moments, Unit = "s", Query = $"select arm, count(*), sum(seconds), sum(seconds * seconds) as sum_of_squares, max(at) as last_at {Where} group by arm" },
            ["latency"] = new()
            {
                Shape = MetricShape.Histogram,
                Unit = "s",
                Query = $"select arm, floor(seconds * 20) / 20 as lower, (floor(seconds * 20) + 1) / 20 as upper, count(*), max(at) as last_at {Where} group by 1, 2, 3 -- twentieths of a second",
            },
        },
    };

    public string? MetricOf(MetricShape shape) => shape switch
    {
        MetricShape.Counts => "http",
        MetricShape.Moments => "duration",
        _ => "latency",
    };

    public async Task RecordAsync(string arm, IReadOnlyList<RecordedRequest> requests, CancellationToken cancellationToken)
    {
        await using var command = _warehouse.Admin.CreateCommand("insert into requests select $1, clock_timestamp(), * from unnest($2::numeric[], $3::bool[])");
        command.Parameters.Add(new NpgsqlParameter { Value = arm });
        command.Parameters.Add(new NpgsqlParameter { Value = requests.Select(r => (decimal)r.Duration.TotalSeconds).ToArray() });
        command.Parameters.Add(new NpgsqlParameter { Value = requests.Select(r => r.Failed).ToArray() });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<bool> StopBackendAsync(CancellationToken cancellationToken)
    {
        await _warehouse.StopAsync();
        return true;
    }

    public Task StartBackendAsync(CancellationToken cancellationToken) => _warehouse.StartAsync(cancellationToken);

    public Task<IMetricSource?> WithFaultAsync(BackendFault fault, CancellationToken cancellationToken) => Task.FromResult<IMetricSource?>(fault switch
    {
        BackendFault.Down => At(FaultyBackend.ClosedPort),
        BackendFault.Silent => Behind(FaultyBackend.Silent()),
        BackendFault.Nonsense => Behind(FaultyBackend.CutInTheMiddle("\u0001\0\0\0\u0005x")), // a whole message of a kind that there is not
        BackendFault.CutInTheMiddle => Behind(FaultyBackend.CutInTheMiddle("R\0\0\0")),
        BackendFault.CertificateWrong => With(o => o.CertificateAuthority = null),
        BackendFault.CredentialsWrong => With(o => o.Password = new Secret("wrong")),
        _ => null,
    });

    public async ValueTask DisposeAsync()
    {
        foreach (var used in _used)
            await used.DisposeAsync();
    }

    internal IMetricSource With(Action<SqlOptions> change)
    {
        var options = Options();
        change(options);
        return SourceOf(options);
    }

    private SqlSource SourceOf(SqlOptions options)
    {
        var plugin = new SqlPlugin();
        plugin.Faults(options).ShouldBeEmpty();
        var source = new SqlSource(options);
        _used.Add(source);
        return source;
    }

    private IMetricSource At(int port) =>
        With(o => (o.Port, o.Encryption, o.CertificateAuthority) = (port, SqlEncryption.Disable, null));

    private IMetricSource Behind(FaultyBackend backend)
    {
        _used.Add(backend);
        return At(backend.Port);
    }
}
