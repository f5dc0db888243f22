using System.Text.Json.Nodes;
using Delivery.Plugins.Compliance;
using Delivery.Plugins.Routing;
using Delivery.Plugins.Xds;

namespace Delivery.Plugins.Tests.Xds;

/// <summary>
/// The control plane in this process, a real client in another, and two real services. The backend is the client: it is stopped by
/// closing its channel, and loses all that it holds.
/// </summary>
internal sealed class XdsHarness : IRouterHarness
{
    private static int number;

    private readonly DirectoryInfo _folder;
    private readonly GrpcArm _stable;
    private readonly GrpcArm _canary;
    private readonly XdsRouter _router;
    private readonly LinePeer _peer;
    private readonly bool _ownsPeer;
    private readonly string _channel = $"channel-{Interlocked.Increment(ref number)}";

    private bool _replaced;

    private XdsHarness(DirectoryInfo folder, GrpcArm stable, GrpcArm canary, XdsRouter router, LinePeer peer, bool ownsPeer) =>
        (_folder, _stable, _canary, _router, _peer, _ownsPeer) = (folder, stable, canary, router, peer, ownsPeer);

    public ITrafficRouter Router => _router;
    public XdsRouter Xds => _router;
    public string Route => "shop";
    public string Stable => "stable";
    public string Canary => "canary";
    public int Requests => 600;

    /// <summary>A client acknowledges first, and its calls follow some turns of its event loop later: as many are waited for, whatever they take.</summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        if (!_ownsPeer)
            await _peer.AskAsync(new JsonObject { ["settle"] = _channel }, cancellationToken);
    }

    /// <summary>With grpc-js as the client.</summary>
    public static Task<XdsHarness> NodeAsync(CancellationToken cancellationToken) =>
        StartAsync(_ => LinePeers.NodeOrSkipAsync(cancellationToken), ownsPeer: false, cancellationToken);

    /// <summary>With gRPC's C-core as the client.</summary>
    public static Task<XdsHarness> PythonAsync(CancellationToken cancellationToken) =>
        StartAsync(router => LinePeers.PythonOrSkipAsync(router.Control.Address.Authority, cancellationToken), ownsPeer: true, cancellationToken);

    /// <summary>A control plane for the routes <c>shop</c> of these arms.</summary>
    public static async Task<XdsRouter> RouterAsync(XdsOptions options, CancellationToken cancellationToken)
    {
        var plugin = new XdsPlugin();
        ((IPlugin)plugin).Faults(options).ShouldBeEmpty();
        return (XdsRouter)await plugin.CreateAsync(options, new PluginContext("mesh", TimeProvider.System, new NoLog()), cancellationToken);
    }

    /// <summary>Options with one route.</summary>
    public static XdsOptions Options(string stable, string canary, string? stateFile = null, int port = 0) => new()
    {
        Listen = new Uri($"http://127.0.0.1:{port}"),
        StateFile = stateFile,
        // No client is given up on a machine under load; whoever tests one that says nothing sets it.
        AnswerSeconds = 60,
        Routes = { ["shop"] = new XdsRoute { Arms = { ["stable"] = [stable], ["canary"] = [canary] } } },
    };

    /// <summary>Another router in the place of this one: same port, same file.</summary>
    public async Task<XdsRouter> RestartedAsync(CancellationToken cancellationToken)
    {
        var port = _router.Control.Address.Port;
        await _router.DisposeAsync();
        _replaced = true;
        return await RouterAsync(Options(_stable.Endpoint, _canary.Endpoint, StateFileIn(_folder), port), cancellationToken);
    }

    public async Task<string> SendAsync(RouterRequest request, CancellationToken cancellationToken)
    {
        var metadata = new JsonObject();
        if (request.Header is { } header)
            metadata[header.Name.ToLowerInvariant()] = header.Value;
        if (request.Cookie is { } cookie)
            metadata["cookie"] = $"other=1; {cookie.Name}={cookie.Value}; last=2";
        return await _peer.CallAsync(_channel, metadata, cancellationToken);
    }

    public async Task<bool> StopBackendAsync(CancellationToken cancellationToken)
    {
        if (_ownsPeer)
            await _peer.DisposeAsync();
        else
            await _peer.AskAsync(new JsonObject { ["close"] = _channel }, cancellationToken);
        await Until.TrueAsync(() => _router.Control.Clients.Count == 0);
        return true;
    }

    public async Task StartBackendAsync(CancellationToken cancellationToken)
    {
        var opened = await _peer.AskAsync(new JsonObject { ["open"] = _channel, ["server"] = _router.Control.Address.Authority, ["target"] = Route }, cancellationToken);
        ((string?)opened["error"]).ShouldBeNull();
        await SendAsync(new RouterRequest(), cancellationToken);
    }

    public async Task StopCanaryAsync(CancellationToken cancellationToken) => await _canary.DisposeAsync();

    public Task<bool> ChangeBehindAsync(CancellationToken cancellationToken) => Task.FromResult(false);

    public string WhyNoFault => "the plugin opens no connection, its clients do; clients with each fault are in AnswersTests and XdsOptionsTests";

    public Task<ITrafficRouter?> WithFaultAsync(BackendFault fault, CancellationToken cancellationToken) => Task.FromResult<ITrafficRouter?>(null);

    public async ValueTask DisposeAsync()
    {
        if (_ownsPeer)
            await _peer.DisposeAsync();
        else
            await _peer.AskAsync(new JsonObject { ["close"] = _channel }, CancellationToken.None);
        if (!_replaced)
            await _router.DisposeAsync();
        await _stable.DisposeAsync();
        await _canary.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static async Task<XdsHarness> StartAsync(Func<XdsRouter, Task<LinePeer>> peer, bool ownsPeer, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("delivery-xds-");
        var stable = await GrpcArm.StartAsync("stable", cancellationToken);
        var canary = await GrpcArm.StartAsync("canary", cancellationToken);
        var router = await RouterAsync(Options(stable.Endpoint, canary.Endpoint, StateFileIn(folder), FreePort.Take()), cancellationToken);
        try
        {
            var harness = new XdsHarness(folder, stable, canary, router, await peer(router), ownsPeer);
            await harness.StartBackendAsync(cancellationToken);
            return harness;
        }
        catch
        {
            await router.DisposeAsync();
            await stable.DisposeAsync();
            await canary.DisposeAsync();
            folder.Delete(recursive: true);
            throw;
        }
    }

    private static string StateFileIn(DirectoryInfo folder) => Path.Combine(folder.FullName, "state.json");

    private sealed class NoLog : IPluginLog
    {
        public void Write(PluginLogLevel level, string message)
        {
        }
    }
}
