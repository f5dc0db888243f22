using Delivery.Plugins.Compliance;
using Delivery.Plugins.Routing;
using Delivery.Plugins.Yarp;

namespace Delivery.Plugins.Tests.Yarp;

/// <summary>The proxy in this process, between a real client and two real services.</summary>
internal sealed class YarpHarness : IRouterHarness
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseCookies = false });
    private readonly ArmService _stable;
    private readonly ArmService _canary;
    private readonly YarpRouter _router;

    private YarpHarness(ArmService stable, ArmService canary, YarpRouter router)
    {
        (_stable, _canary, _router) = (stable, canary, router);
        _client.BaseAddress = new Uri(router.Proxy.Addresses.Single());
    }

    public ITrafficRouter Router => _router;
    public string Route => "shop";
    public string Stable => "stable";
    public string Canary => "canary";
    public HttpClient Client => _client;
    public ArmService StableService => _stable;
    public ArmService CanaryService => _canary;

    public static async Task<YarpHarness> StartAsync(CancellationToken cancellationToken, string? stateFile = null)
    {
        var stable = await ArmService.StartAsync("stable", cancellationToken);
        var canary = await ArmService.StartAsync("canary", cancellationToken);
        return new YarpHarness(stable, canary, await RouterAsync(stable, canary, stateFile, cancellationToken));
    }

    public static Task<YarpRouter> RouterAsync(ArmService stable, ArmService canary, string? stateFile, CancellationToken cancellationToken) =>
        RouterAsync(stable.Address, canary.Address, stateFile, cancellationToken);

    public static async Task<YarpRouter> RouterAsync(Uri stable, Uri canary, string? stateFile, CancellationToken cancellationToken, double silenceSeconds = 100)
    {
        var options = new YarpOptions
        {
            Listen = [new Uri("http://127.0.0.1:0")],
            StateFile = stateFile,
            Routes = { ["shop"] = new YarpRoute { Arms = { ["stable"] = stable, ["canary"] = canary }, SilenceSeconds = silenceSeconds } },
        };
        var plugin = new YarpPlugin();
        plugin.Faults(options).ShouldBeEmpty();
        return (YarpRouter)await plugin.CreateAsync(options, new PluginContext("edge", TimeProvider.System, new NoLog()), cancellationToken);
    }

    public Task<string> SendAsync(RouterRequest request, CancellationToken cancellationToken) => _client.SendAsync(request, cancellationToken);

    public Task<bool> StopBackendAsync(CancellationToken cancellationToken) => Task.FromResult(false);

    public Task StartBackendAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopCanaryAsync(CancellationToken cancellationToken) => await _canary.DisposeAsync();

    public Task<bool> ChangeBehindAsync(CancellationToken cancellationToken) => Task.FromResult(false);

    public string WhyNoFault => "the proxy is in the plugin's process, and nothing is between; deployments with each fault are in YarpTests";

    public Task<ITrafficRouter?> WithFaultAsync(BackendFault fault, CancellationToken cancellationToken) => Task.FromResult<ITrafficRouter?>(null);

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _router.DisposeAsync();
        await _stable.DisposeAsync();
        await _canary.DisposeAsync();
    }

    private sealed class NoLog : IPluginLog
    {
        public void Write(PluginLogLevel level, string message)
        {
        }
    }
}
