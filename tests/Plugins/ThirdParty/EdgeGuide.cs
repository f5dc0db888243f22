using Delivery.Plugins.Compliance;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Tests.ThirdParty;

/// <summary>The router that docs/guides/plugins.md writes in an hour passes what every router must.</summary>
public sealed class EdgeGuide : RouterCompliance
{
    protected override async Task<IRouterHarness> StartAsync(CancellationToken cancellationToken) => await EdgeHarness.StartAsync(cancellationToken);
}

internal sealed class EdgeHarness : IRouterHarness
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("delivery-guide-");
    private readonly LoadBalancer _backend = new();
    private readonly List<IAsyncDisposable> _faults = [];
    private readonly List<ITrafficRouter> _routers = [];
    private bool _canaryStopped;

    public ITrafficRouter Router => _routers[0];
    public string Route => "shop";
    public string Stable => "stable";
    public string Canary => "canary";

    public static async Task<EdgeHarness> StartAsync(CancellationToken cancellationToken)
    {
        var harness = new EdgeHarness();
        await harness._backend.StartAsync(cancellationToken);
        await harness.RouterAsync(harness._backend.Address, LoadBalancer.Key, cancellationToken);
        return harness;
    }

    public Task<string> SendAsync(RouterRequest request, CancellationToken cancellationToken)
    {
        var arm = _backend.Send() == "pool-a" ? Stable : Canary;
        return _canaryStopped && arm == Canary ? throw new InvalidOperationException("a lost request: nobody answers behind the canary") : Task.FromResult(arm);
    }

    public async Task<bool> StopBackendAsync(CancellationToken cancellationToken)
    {
        await _backend.StopAsync();
        return true;
    }

    public Task StartBackendAsync(CancellationToken cancellationToken) => _backend.StartAsync(cancellationToken);

    public Task StopCanaryAsync(CancellationToken cancellationToken)
    {
        _canaryStopped = true;
        return Task.CompletedTask;
    }

    public Task<bool> ChangeBehindAsync(CancellationToken cancellationToken)
    {
        _backend.Change("""{"weights":{"pool-a":90,"pool-b":10},"generation":1}""");
        return Task.FromResult(true);
    }

    public async Task<ITrafficRouter?> WithFaultAsync(BackendFault fault, CancellationToken cancellationToken)
    {
        switch (fault)
        {
            case BackendFault.Down:
                return await RouterAsync(At(FaultyBackend.ClosedPort), LoadBalancer.Key, cancellationToken);
            case BackendFault.CredentialsWrong:
                return await RouterAsync(_backend.Address, "wrong", cancellationToken);
            case BackendFault.CertificateWrong:
                using (var stranger = Certificates.Make("stranger", null))
                {
                    var secured = new LoadBalancer(stranger.ForListening());
                    await secured.StartAsync(cancellationToken);
                    _faults.Add(secured);
                    return await RouterAsync(secured.Address, LoadBalancer.Key, cancellationToken);
                }

            default:
                var backend = fault == BackendFault.Silent ? FaultyBackend.Silent() : fault == BackendFault.Nonsense ? FaultyBackend.NonsenseOverHttp() : FaultyBackend.CutInTheMiddle();
                _faults.Add(backend);
                return await RouterAsync(At(backend.Port), LoadBalancer.Key, cancellationToken, seconds: fault == BackendFault.Silent ? "0.6" : "60");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var router in _routers)
            ((IDisposable)router).Dispose();
        await _backend.DisposeAsync();
        foreach (var fault in _faults)
            await fault.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static Uri At(int port) => new($"http://127.0.0.1:{port}");

    private async Task<ITrafficRouter> RouterAsync(Uri url, string key, CancellationToken cancellationToken, string seconds = "60")
    {
        var secret = Path.Combine(_folder.FullName, $"key-{_routers.Count}");
        await File.WriteAllTextAsync(secret, key, cancellationToken);
        var router = await WrittenPlugin.Guide.RouterAsync(
            [("Url", url.ToString()), ("Key", $"secret:file:{secret}"), ("Seconds", seconds), ("Routes:shop:stable", "pool-a"), ("Routes:shop:canary", "pool-b")], cancellationToken);
        _routers.Add(router);
        return router;
    }
}
