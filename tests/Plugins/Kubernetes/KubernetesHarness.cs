using System.Text.Json.Nodes;
using Delivery.Plugins.Compliance;
using Delivery.Plugins.Kubernetes;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Tests.Kubernetes;

/// <summary>The router before the double of the API server, and a gateway that reads what is stored there.</summary>
internal sealed class KubernetesHarness : IRouterHarness
{
    private const string Token = "a-service-accounts-token";

    private readonly bool _istio;
    private readonly Gateway _gateway;
    private readonly KubernetesRouter _router;
    private readonly List<IAsyncDisposable> _faults = [];
    private bool _canaryStopped;

    private KubernetesHarness(bool istio, ApiServer server, KubernetesRouter router)
    {
        (_istio, Server, _router) = (istio, server, router);
        _gateway = new Gateway(server.Store, PathOf(istio), istio);
    }

    public ITrafficRouter Router => _router;
    public KubernetesRouter Kubernetes => _router;
    public ApiServer Server { get; }
    public string Route => "shop";
    public string Stable => "stable";
    public string Canary => "canary";
    public JsonObject Stored => Server.Store.Get(PathOf(_istio))!;

    public static string PathOf(bool istio) => istio ? "/apis/networking.istio.io/v1/namespaces/web/virtualservices/shop" : "/apis/gateway.networking.k8s.io/v1/namespaces/web/httproutes/shop";

    public static string RulePath => "/apis/networking.istio.io/v1/namespaces/web/destinationrules/shop";

    public static async Task<KubernetesHarness> StartAsync(bool istio, CancellationToken cancellationToken)
    {
        var server = await ApiServer.StartAsync(cancellationToken);
        server.Token = Token;
        server.Store.Controller = istio ? null : Objects.Accept;
        server.Store.Put(PathOf(istio), istio ? Objects.VirtualService() : Objects.HttpRoute(), null);
        server.Store.Put(RulePath, Objects.DestinationRule(), null);
        return new KubernetesHarness(istio, server, await RouterAsync(Options(istio, server.Address), cancellationToken));
    }

    public static async Task<KubernetesRouter> RouterAsync(KubernetesOptions options, CancellationToken cancellationToken)
    {
        var plugin = new KubernetesPlugin();
        ((IPlugin)plugin).Faults(options).ShouldBeEmpty();
        return (KubernetesRouter)await plugin.CreateAsync(options, new PluginContext("cluster", TimeProvider.System, new NoLog()), cancellationToken);
    }

    /// <summary>A kubeconfig of one context.</summary>
    /// <param name="cluster">The members of the cluster, in YAML.</param>
    /// <param name="user">The user's member, in YAML.</param>
    public static Secret Kubeconfig(string cluster, string user) => new($$"""
        apiVersion: v1
        kind: Config
        current-context: here
        contexts: [{ name: here, context: { cluster: here, user: me } }]
        clusters: [{ name: here, cluster: { {{cluster}} } }]
        users: [{ name: me, {{user}} }]
        """);

    public static KubernetesOptions Options(bool istio, Uri? server) => new()
    {
        Api = istio ? TrafficApi.Istio : TrafficApi.GatewayApi,
        Server = server,
        Token = server is null ? null : new Secret(Token),
        Routes =
        {
            ["shop"] = new KubernetesRoute
            {
                Namespace = "web",
                Name = "shop",
                DestinationRule = istio ? "shop" : null,
                Arms = istio
                    ? new()
                    {
                        ["stable"] = new KubernetesArm { Service = "shop", Subset = "stable" },
                        ["canary"] = new KubernetesArm { Service = "shop", Subset = "canary", Labels = { ["version"] = "2" } },
                    }
                    : new() { ["stable"] = new KubernetesArm { Service = "stable", Port = 80 }, ["canary"] = new KubernetesArm { Service = "canary", Port = 80 } },
            },
        },
    };

    public Task<string> SendAsync(RouterRequest request, CancellationToken cancellationToken)
    {
        var arm = _gateway.Send(request);
        return _canaryStopped && arm == Canary ? throw new InvalidOperationException("a lost request: nobody answers behind the canary") : Task.FromResult(arm);
    }

    public async Task<bool> StopBackendAsync(CancellationToken cancellationToken)
    {
        await Server.StopAsync();
        return true;
    }

    public Task StartBackendAsync(CancellationToken cancellationToken) => Server.StartAgainAsync(cancellationToken);

    public Task StopCanaryAsync(CancellationToken cancellationToken)
    {
        _canaryStopped = true;
        return Task.CompletedTask;
    }

    /// <summary>Somebody edits the object by hand.</summary>
    public Task<bool> ChangeBehindAsync(CancellationToken cancellationToken)
    {
        var found = Stored;
        var destinations = found["spec"]![_istio ? "http" : "rules"]!.AsArray()[^1]![_istio ? "route" : "backendRefs"]!.AsArray();
        destinations[0]!["weight"] = 9_000;
        destinations[1]!["weight"] = 1_000;
        Server.Store.Put(PathOf(_istio), found, null).ShouldNotBeNull();
        return Task.FromResult(true);
    }

    public async Task<ITrafficRouter?> WithFaultAsync(BackendFault fault, CancellationToken cancellationToken)
    {
        var options = Options(_istio, fault == BackendFault.Down ? At(FaultyBackend.ClosedPort) : Server.Address);
        switch (fault)
        {
            case BackendFault.CredentialsWrong:
                options.Token = new Secret("another");
                break;
            case BackendFault.CertificateWrong:
                using (var authority = Certificates.Make("authority", null))
                using (var stranger = Certificates.Make("stranger", null))
                {
                    var folder = Directory.CreateTempSubdirectory("delivery-kubernetes-");
                    options.CertificateAuthority = Path.Combine(folder.FullName, "authority.pem");
                    await File.WriteAllTextAsync(options.CertificateAuthority, authority.ExportCertificatePem(), cancellationToken);
                    var server = await ApiServer.StartAsync(cancellationToken, stranger.ForListening());
                    _faults.Add(server);
                    options.Server = server.Address;
                    var router = await RouterAsync(options, cancellationToken);
                    folder.Delete(recursive: true);
                    return router;
                }
            case BackendFault.Silent or BackendFault.Nonsense or BackendFault.CutInTheMiddle:
                var backend = fault == BackendFault.Silent ? FaultyBackend.Silent() : fault == BackendFault.Nonsense ? FaultyBackend.NonsenseOverHttp() : FaultyBackend.CutInTheMiddle();
                _faults.Add(backend);
                options.Server = At(backend.Port);
                break;
        }

        return await RouterAsync(options, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _router.Dispose();
        await Server.DisposeAsync();
        foreach (var fault in _faults)
            await fault.DisposeAsync();
    }

    private static Uri At(int port) => new($"http://127.0.0.1:{port}");

    private sealed class NoLog : IPluginLog
    {
        public void Write(PluginLogLevel level, string message)
        {
        }
    }
}
