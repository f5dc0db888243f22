using System.Globalization;

namespace Delivery.Plugins.Tests.Prometheus;

/// <summary>The classes that share one Prometheus: it takes five seconds from its start to its first scrape.</summary>
[CollectionDefinition]
public sealed class OnPrometheus : ICollectionFixture<ScrapedService>;

/// <summary>A Prometheus that scrapes a tiny exporter; and a secured one when it is asked for.</summary>
public sealed class ScrapedService : IAsyncLifetime
{
    private PrometheusServer? _secured;
    private int _arms;

    internal Exporter Exporter { get; private set; } = null!;

    internal PrometheusServer Server { get; private set; } = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        if (PrometheusServer.Program is null)
            return;
        Exporter = await Exporter.StartAsync(Token);
        Server = await PrometheusServer.StartAsync(
            $"{{ job_name: shop, static_configs: [{{ targets: ['{Exporter.Address}'] }}] }}, {{ job_name: native, metrics_path: /native, static_configs: [{{ targets: ['{Exporter.Address}'] }}] }}", secured: false, Token);
        await ScrapesAsync(Token);
    }

    /// <summary>Waits until it has scraped again.</summary>
    internal Task ScrapesAsync(CancellationToken cancellationToken) =>
        Server.UntilAsync(
            string.Create(CultureInfo.InvariantCulture, $"count(up == 1 and timestamp(up) > {TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() / 1_000.0})"), up => up == 2, cancellationToken);

    /// <summary>A deployment's name that no other test has.</summary>
    internal string Deployment(string arm) => $"{arm}-{Interlocked.Increment(ref _arms)}";

    /// <summary>Waits until Prometheus shows what the exporter had at a version.</summary>
    internal Task ShowsAsync(int version, CancellationToken cancellationToken) => Server.UntilAsync("exporter_version", v => v >= version, cancellationToken);

    internal async Task<PrometheusServer> SecuredAsync(CancellationToken cancellationToken) =>
        _secured ??= await PrometheusServer.StartAsync("", secured: true, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_secured is not null)
            await _secured.DisposeAsync();
        if (PrometheusServer.Program is null)
            return;
        await Server.DisposeAsync();
        await Exporter.DisposeAsync();
    }
}
