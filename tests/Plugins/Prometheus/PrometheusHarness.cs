using Delivery.Plugins.Compliance;
using Delivery.Plugins.Measuring;
using Delivery.Plugins.Prometheus;

namespace Delivery.Plugins.Tests.Prometheus;

/// <summary>The plugin on a real Prometheus; every harness has deployments of its own.</summary>
internal sealed class PrometheusHarness : IMetricSourceHarness
{
    private readonly ScrapedService _service;
    private readonly List<IAsyncDisposable> _faulty = [];
    private readonly List<IDisposable> _sources = [];

    public PrometheusHarness(ScrapedService service)
    {
        _service = service;
        (Stable, Canary) = (service.Deployment("stable"), service.Deployment("canary"));
        Source = SourceOf(Options(service.Server.Url));
    }

    public IMetricSource Source { get; }
    public string Route => "shop";
    public string Stable { get; }
    public string Canary { get; }
    public DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public static PrometheusOptions Options(Uri url) => new()
    {
        Url = url,
        Metrics =
        {
            ["http"] = new() { Trials = "http_requests_total{deployment=\"$arm\"}", Events = "http_requests_total{deployment=\"$arm\",code=~\"5..\"}" },
            ["latency"] = new() { Shape = MetricShape.Histogram, Values = "http_request_duration_seconds{deployment=\"$arm\"}" },
            ["native"] = new() { Shape = MetricShape.Histogram, Values = "http_request_native_seconds{deployment=\"$arm\"}", Native = true },
        },
    };

    public string? MetricOf(MetricShape shape) => shape switch
    {
        MetricShape.Counts => "http",
        MetricShape.Histogram => "latency",
        _ => null,
    };

    public async Task RecordAsync(string arm, IReadOnlyList<RecordedRequest> requests, CancellationToken cancellationToken)
    {
        await _service.Exporter.ScrapedAsync(cancellationToken);
        await _service.ShowsAsync(_service.Exporter.Record(arm, requests.Select(r => (r.Duration.TotalSeconds, r.Failed))), cancellationToken);
    }

    public async Task<bool> StopBackendAsync(CancellationToken cancellationToken)
    {
        await _service.Server.StopAsync();
        return true;
    }

    public async Task StartBackendAsync(CancellationToken cancellationToken)
    {
        await _service.Server.StartAsync(cancellationToken);
        await _service.ScrapesAsync(cancellationToken);
    }

    public async Task<IMetricSource?> WithFaultAsync(BackendFault fault, CancellationToken cancellationToken)
    {
        switch (fault)
        {
            case BackendFault.Down:
                return SourceOf(Options(new Uri($"http://127.0.0.1:{FaultyBackend.ClosedPort}")));
            case BackendFault.Silent:
                return Behind(FaultyBackend.Silent());
            case BackendFault.Nonsense:
                return Behind(FaultyBackend.NonsenseOverHttp());
            case BackendFault.CutInTheMiddle:
                return Behind(FaultyBackend.CutInTheMiddle());
            case BackendFault.CertificateWrong:
                return SourceOf(Secured(await _service.SecuredAsync(cancellationToken), PrometheusServer.Password, authority: null));
            case BackendFault.CredentialsWrong:
                var secured = await _service.SecuredAsync(cancellationToken);
                return SourceOf(Secured(secured, "wrong", secured.CertificateFile));
            default:
                return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _sources.ForEach(s => s.Dispose());
        foreach (var faulty in _faulty)
            await faulty.DisposeAsync();
    }

    internal static PrometheusOptions Secured(PrometheusServer server, string password, string? authority)
    {
        var options = Options(server.Url);
        (options.User, options.Password, options.CertificateAuthority) = (PrometheusServer.User, new Secret(password), authority);
        return options;
    }

    internal IMetricSource SourceOf(PrometheusOptions options)
    {
        var plugin = new PrometheusPlugin();
        plugin.Faults(options).ShouldBeEmpty();
        var made = plugin.CreateAsync(options, new PluginContext("numbers", TimeProvider.System, new NoLog()), CancellationToken.None).AsTask().GetAwaiter().GetResult();
        _sources.Add((IDisposable)made);
        return (IMetricSource)made;
    }

    private IMetricSource Behind(FaultyBackend backend)
    {
        _faulty.Add(backend);
        return SourceOf(Options(new Uri($"http://127.0.0.1:{backend.Port}")));
    }

    private sealed class NoLog : IPluginLog
    {
        public void Write(PluginLogLevel level, string message)
        {
        }
    }
}
