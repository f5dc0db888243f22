using System.Net;
using System.Net.Sockets;
using Delivery.Plugins.Compliance;
using Delivery.Plugins.HAProxy;
using Delivery.Plugins.Routing;
using Delivery.Plugins.Tests.Hosting;

namespace Delivery.Plugins.Tests.HAProxy;

/// <summary>A real HAProxy between a real client and two real services. Beside its admin socket it has one of level user, and one by TLS.</summary>
internal sealed class HAProxyHarness : IRouterHarness
{
    private readonly List<IAsyncDisposable> _faults = [];
    private readonly ArmService _stable;
    private readonly ArmService _canary;
    private readonly SocketByTls _byTls;
    private HttpClient _client;

    private HAProxyHarness(ArmService stable, ArmService canary, SocketByTls byTls, HAProxyProcess haproxy, ITrafficRouter router)
    {
        (_stable, _canary, _byTls, HAProxy, Router) = (stable, canary, byTls, haproxy, router);
        _client = haproxy.Client();
    }

    public ITrafficRouter Router { get; }
    public string Route => "shop";
    public string Stable => "stable";
    public string Canary => "canary";
    public HAProxyProcess HAProxy { get; }
    public HttpClient Client => _client;
    public ArmService CanaryService => _canary;
    public SocketByTls ByTls => _byTls;

    public static string Example => Path.Combine(BuiltPlugins.FolderOf("HAProxy"), "example.cfg");

    /// <summary>The path of the program; skips the test where it is not installed.</summary>
    public static string ProgramOrSkip()
    {
        if (HAProxyProcess.Find() is { } program)
            return program;
        Assert.Skip("HAProxy is not installed: apt-get install haproxy");
        throw new InvalidOperationException();
    }

    public static async Task<HAProxyHarness> StartAsync(CancellationToken cancellationToken, bool writeMap = false)
    {
        var program = ProgramOrSkip();
        var stable = await ArmService.StartAsync("stable", cancellationToken);
        var canary = await ArmService.StartAsync("canary", cancellationToken);
        var byTls = new SocketByTls();
        var haproxy = await HAProxyProcess.StartAsync(program, Example, stable.Address, canary.Address, cancellationToken, byTls.Listeners);
        return new HAProxyHarness(stable, canary, byTls, haproxy, await RouterAsync(Options(haproxy.Socket, haproxy.Map, writeMap), cancellationToken));
    }

    public static HAProxyOptions Options(string address, string map, bool writeMap = false) => new()
    {
        Address = address,
        // No exchange ends early on a machine under load; whoever tests that one ends sets it.
        Seconds = 60,
        Routes =
        {
            ["shop"] = new HAProxyRoute
            {
                Map = map,
                WriteMap = writeMap,
                Arms = { ["stable"] = "shop-stable", ["canary"] = "shop-canary" },
                Headers = { "x-unit", "x-arm" },
                Cookies = { "unit", "arm" },
            },
        },
    };

    public static async Task<ITrafficRouter> RouterAsync(HAProxyOptions options, CancellationToken cancellationToken, TimeProvider? time = null)
    {
        var plugin = new HAProxyPlugin();
        plugin.Faults(options).ShouldBeEmpty();
        return (ITrafficRouter)await plugin.CreateAsync(options, new PluginContext("edge", time ?? TimeProvider.System, new NoLog()), cancellationToken);
    }

    public Task<string> SendAsync(RouterRequest request, CancellationToken cancellationToken) => _client.SendAsync(request, cancellationToken);

    public async Task<bool> StopBackendAsync(CancellationToken cancellationToken)
    {
        await HAProxy.StopAsync();
        return true;
    }

    public async Task StartBackendAsync(CancellationToken cancellationToken)
    {
        await HAProxy.StartAsync(cancellationToken);
        _client.Dispose();
        _client = HAProxy.Client();
    }

    public async Task StopCanaryAsync(CancellationToken cancellationToken) => await _canary.DisposeAsync();

    public async Task<bool> ChangeBehindAsync(CancellationToken cancellationToken)
    {
        await HAProxy.SayAsync($"set map {HAProxy.Map} state shop-stable|shop-canary|1234|-", cancellationToken);
        return true;
    }

    public async Task<ITrafficRouter?> WithFaultAsync(BackendFault fault, CancellationToken cancellationToken)
    {
        var address = fault switch
        {
            BackendFault.Down => $"tcp://127.0.0.1:{FaultyBackend.ClosedPort}",
            BackendFault.Silent => Faulty(FaultyBackend.Silent),
            BackendFault.Nonsense => Faulty(FaultyBackend.Nonsense),
            BackendFault.CutInTheMiddle => Faulty(at => FaultyBackend.CutInTheMiddle("2.6.12-1\n\nadmin\n\n# id (fi", at)),
            BackendFault.CredentialsWrong => Path.Combine(HAProxy.Folder, "user.sock"),
            BackendFault.CertificateWrong => $"tls://localhost:{_byTls.Port}",
            _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, "no such fault"),
        };
        var options = Options(address, HAProxy.Map);
        // What was sent is waited for so long, whoever cancels: here nothing comes.
        if (fault == BackendFault.Silent)
            options.Seconds = 0.6;
        return await RouterAsync(options, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        foreach (var fault in _faults)
            await fault.DisposeAsync();
        await HAProxy.DisposeAsync();
        await _stable.DisposeAsync();
        await _canary.DisposeAsync();
        _byTls.Dispose();
    }

    private string Faulty(Func<EndPoint, FaultyBackend> start)
    {
        var path = Path.Combine(HAProxy.Folder, $"fault-{_faults.Count}.sock");
        _faults.Add(start(new UnixDomainSocketEndPoint(path)));
        return path;
    }

    private sealed class NoLog : IPluginLog
    {
        public void Write(PluginLogLevel level, string message)
        {
        }
    }
}
