using System.Net.Security;
using System.Runtime.Loader;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Delivery.Plugins.Routing;
using Delivery.Plugins.Tests.Hosting;
using Delivery.Plugins.Xds;
using Delivery.Plugins.Xds.Wire;

namespace Delivery.Plugins.Tests.Xds;

/// <summary>Options, TLS, Envoy's shape, and the built folder.</summary>
public sealed class XdsOptionsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("delivery-xds-tls-");
    private readonly PluginFolder _plugins = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void options_that_contradict_each_other_are_named()
    {
        var options = new XdsOptions
        {
            Listen = new Uri("https://127.0.0.1:1"),
            Routes =
            {
                ["shop"] = new XdsRoute { Stable = "blue", Address = "0.0.0.0:80", Arms = { ["green"] = ["localhost:1", "10.0.0.1"], ["red"] = [] } },
                ["other"] = new XdsRoute { Target = "shop", Arms = { ["stable"] = ["[::1]:5"] } },
            },
        };
        ((IPlugin)new XdsPlugin()).Faults(options).Select(f => f.Field).ShouldBe(
            ["Certificate", "CertificateKey", "Routes:shop:Stable", "Routes:shop:Address", "Routes:shop:Arms:green:0", "Routes:shop:Arms:green:1", "Routes:shop:Arms:red", "Routes:other:Target"]);
        options.Listen = new Uri("http://mesh:1");
        ((IPlugin)new XdsPlugin()).Faults(options)[0].Field.ShouldBe("Listen");
    }

    [Fact]
    public async Task clients_without_the_right_certificate_are_not_let_in()
    {
        using var authority = Certificates.Make("authority", null);
        using var server = Certificates.Make("127.0.0.1", authority);
        using var client = Certificates.Make("client", authority);
        using var stranger = Certificates.Make("stranger", null);
        using var between = Certificates.Make("between", authority, signs: true);
        using var signedBetween = Certificates.Make("client", between, usage: Certificates.ForClients);
        using var forServers = Certificates.Make("client", authority, usage: Certificates.ForServers);
        var options = XdsHarness.Options("127.0.0.1:1", "127.0.0.1:2");
        options.Listen = new Uri("https://127.0.0.1:0");
        options.Certificate = await FileAsync("server.pem", server.ExportCertificatePem());
        options.CertificateKey = new Secret(server.KeyPem());
        options.ClientAuthorities = await FileAsync("authorities.pem", authority.ExportCertificatePem());
        await using var router = await XdsHarness.RouterAsync(options, Token);

        (await LetInAsync(router, authority, client)).ShouldBeTrue();
        (await LetInAsync(router, authority, stranger)).ShouldBeFalse("a certificate of another authority");
        (await LetInAsync(router, authority, null)).ShouldBeFalse("no certificate");
        (await LetInAsync(router, stranger, client)).ShouldBeFalse("a client that does not trust the server");
        (await LetInAsync(router, authority, signedBetween, between)).ShouldBeTrue("one that shows who stands between");
        (await LetInAsync(router, authority, signedBetween)).ShouldBeFalse("who stands between is not known");
        (await LetInAsync(router, authority, forServers)).ShouldBeFalse("a server's certificate");
        await Until.TrueAsync(() => router.Control.Clients.Count == 0);
    }

    [Fact]
    public async Task a_server_shows_who_stands_between_it_and_the_authority()
    {
        using var authority = Certificates.Make("authority", null);
        using var between = Certificates.Make("between", authority, signs: true);
        using var server = Certificates.Make("127.0.0.1", between, usage: Certificates.ForServers);
        var options = XdsHarness.Options("127.0.0.1:1", "127.0.0.1:2");
        options.Listen = new Uri("https://127.0.0.1:0");
        options.Certificate = await FileAsync("server.pem", $"{server.ExportCertificatePem()}\n{between.ExportCertificatePem()}\n");
        options.CertificateKey = new Secret(server.KeyPem());
        await using var router = await XdsHarness.RouterAsync(options, Token);
        (await LetInAsync(router, authority, null)).ShouldBeTrue();
    }

    [Fact]
    public async Task envoy_gets_listeners_with_an_address_all_clusters_and_a_mirror()
    {
        var options = XdsHarness.Options("10.0.0.1:5000", "10.0.0.2:5000");
        options.Clients = XdsClients.Envoy;
        (options.Routes["shop"].Address, options.Routes["shop"].Http2) = ("0.0.0.0:8080", true);
        await using var router = await XdsHarness.RouterAsync(options, Token);
        router.Descriptor.Capabilities.Mirroring.ShouldBeTrue();
        router.Descriptor.Capabilities.LosesNoRequest.ShouldBeFalse("nobody has seen it");
        await using var client = AdsClient.Open(router.Control.Address, _ => null, new()
        {
            [ResourceTypes.Cluster] = [],
            [ResourceTypes.Listener] = [],
            [ResourceTypes.Endpoints] = ["shop/stable", "shop/canary", "shop~sticky"],
            [ResourceTypes.Route] = ["shop"],
        });
        await client.AskAllAsync(Token);
        var clusters = (await client.NextAsync(ResourceTypes.Cluster, Token)).Resources.Select(r => r.Unpack<Cluster>()).ToList();
        clusters.Select(c => c.Name).ShouldBe(["shop/canary", "shop/stable", "shop~sticky"]);
        clusters.ShouldAllBe(c => c.TypedExtensionProtocolOptions.Count == 1);
        var listener = (await client.NextAsync(ResourceTypes.Listener, Token)).Resources.Single().Unpack<Listener>();
        listener.Address.SocketAddress.PortValue.ShouldBe(8080u);
        listener.FilterChains.Single().Filters.Single().TypedConfig.Unpack<HttpConnectionManager>().Rds.RouteConfigName.ShouldBe("shop");

        var seen = (PluginResult<RouteState>.Ok)await router.ReadAsync("shop", Token);
        var intent = new RouteIntent("shop", 1, "stable", [new("stable", 7_500), new("canary", 2_500)]) { Mirror = new RouteMirror("canary", 1_000) };
        (await router.ApplyAsync(intent, seen.Value.Revision, Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
        await Until.TrueAsync(async () => await router.VerifyAsync(intent, Token) is Verification.Verified);
        RouteConfiguration routes;
        do
            routes = (await client.NextAsync(ResourceTypes.Route, Token)).Resources.Single().Unpack<RouteConfiguration>();
        while (routes.VirtualHosts[0].Routes.Count == 1);
        var (own, rest) = (routes.VirtualHosts[0].Routes[0], routes.VirtualHosts[0].Routes[1]);
        (own.Route_.Cluster, own.Match.RuntimeFraction.DefaultValue.Numerator, own.Route_.RequestMirrorPolicies.Count).ShouldBe(("shop/canary", 2_500u, 0));
        rest.Route_.WeightedClusters.Clusters.Single().Name.ShouldBe("shop/stable");
        rest.Route_.RequestMirrorPolicies.Single().RuntimeFraction.DefaultValue.Numerator.ShouldBe(1_000u);
    }

    [Fact]
    public async Task a_sticky_share_too_small_for_the_ring_is_said_before_it_is_applied()
    {
        await using var router = await XdsHarness.RouterAsync(XdsHarness.Options("127.0.0.1:1", "127.0.0.1:2"), Token);
        var intent = new RouteIntent("shop", 1, "stable", [new("stable", 9_998), new("canary", 2)]);
        router.Validate(intent).ShouldBeEmpty();
        router.Validate(intent with { Stickiness = new Stickiness(RequestPart.Header, "x-unit") }).Single().Field.ShouldBe("arms[1].weight");
    }

    [Fact]
    public async Task it_is_loaded_from_its_folder_and_routes()
    {
        _plugins.Copy("Xds", BuiltPlugins.FolderOf("Xds"));
        var peer = await LinePeers.NodeOrSkipAsync(Token);
        await using var canary = await GrpcArm.StartAsync("canary", Token);
        await using var hosted = await Hosted.StartAsync(
            _plugins,
            ("Instances:mesh:Plugin", "xds"),
            ("Instances:mesh:Options:Listen", "http://127.0.0.1:0"),
            ("Instances:mesh:Options:Clients", "Grpc"),
            ("Instances:mesh:Options:Routes:shop:Arms:stable:0", "127.0.0.1:1"),
            ("Instances:mesh:Options:Routes:shop:Arms:canary:0", canary.Endpoint));
        AssemblyLoadContext.GetLoadContext(hosted.Plugins.Installed.Single().Entry.GetType().Assembly).ShouldNotBe(AssemblyLoadContext.Default);
        var intent = new RouteIntent("shop", 1, "stable", [new("stable", 0), new("canary", 10_000)]);
        (await hosted.Steering.ApplyAsync("mesh", intent, Token)).Verification.ShouldBeOfType<Verification.Unverifiable>("nobody is connected");
        var at = new Uri(hosted.Plugins.Router("mesh")!.Descriptor.Backend.Split(' ')[^1]);
        await peer.AskAsync(new JsonObject { ["open"] = "folder", ["server"] = at.Authority, ["target"] = "shop" }, Token);
        (await peer.CallAsync("folder", null, Token)).ShouldBe("canary");
        await Until.TrueAsync(async () => await hosted.Steering.VerifyAsync("mesh", intent, Token) is Verification.Verified);
        await peer.AskAsync(new JsonObject { ["close"] = "folder" }, Token);
    }

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        _plugins.Dispose();
    }

    /// <summary>Whether the control plane answers a client with this certificate, which trusts this authority.</summary>
    private static async Task<bool> LetInAsync(XdsRouter router, X509Certificate2 trusted, X509Certificate2? own, params X509Certificate2[] between)
    {
        var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                ClientCertificateContext = own is null ? null : SslStreamCertificateContext.Create(own, [.. between], offline: true),
                CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, CustomTrustStore = { trusted } },
            },
        };
        await using var client = AdsClient.Open(router.Control.Address, _ => null, new() { [ResourceTypes.Route] = ["shop"] }, handler);
        try
        {
            await client.AskAllAsync(Token);
        }
        catch (Exception e) when (AdsClient.IsEnded(e))
        {
            return false;
        }

        return await client.Received.WaitToReadAsync(Token);
    }

    private async Task<string> FileAsync(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        await File.WriteAllTextAsync(path, text, Token);
        return path;
    }
}
