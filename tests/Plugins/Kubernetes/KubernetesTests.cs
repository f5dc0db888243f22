using System.Collections.Immutable;
using System.Runtime.Loader;
using System.Text.Json.Nodes;
using Delivery.Plugins.Kubernetes;
using Delivery.Plugins.Routing;
using Delivery.Plugins.Tests.Hosting;

namespace Delivery.Plugins.Tests.Kubernetes;

/// <summary>What goes beyond the suite, for both APIs.</summary>
public sealed class KubernetesTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task what_is_foreign_stays_as_it_is_and_an_abort_leaves_no_trace(bool istio)
    {
        await using var harness = await KubernetesHarness.StartAsync(istio, Token);
        var before = harness.Stored;
        await AppliedAsync(harness, Intent(2_500, 1) with { Overrides = Overrides(istio) });
        var during = harness.Stored;
        var list = istio ? "http" : "rules";
        during["spec"]![list]!.AsArray().Count.ShouldBe(2 + Overrides(istio).Length);
        JsonNode.DeepEquals(during["spec"]![list]![0], before["spec"]![list]![0]).ShouldBeTrue("the team's own rule");
        foreach (var rule in during["spec"]![list]!.AsArray().Skip(1))
            ((string?)(istio ? rule!["timeout"] : rule!["timeouts"]!["request"])).ShouldBe("10s", "what the rule has beyond its destinations");
        JsonNode.DeepEquals(during["metadata"]!["labels"], before["metadata"]!["labels"]).ShouldBeTrue();
        await harness.Router.AbortAsync(new AbortOrder("shop", "stable", 2, AbortLevel.StopSticky), Token);
        var after = harness.Stored;
        after["spec"]![list]!.AsArray().Count.ShouldBe(2);
        ((string?)after["metadata"]!["annotations"]!["delivery/generation.shop"]).ShouldBe("2");
    }

    [Theory]
    [InlineData(429, PluginErrorKind.Throttled)]
    [InlineData(409, PluginErrorKind.Conflict)]
    [InlineData(422, PluginErrorKind.InvalidIntent)]
    [InlineData(403, PluginErrorKind.Unauthorized)]
    [InlineData(404, PluginErrorKind.NotFound)]
    [InlineData(503, PluginErrorKind.Unavailable)]
    [InlineData(500, PluginErrorKind.OutcomeUnknown)]
    public async Task a_refused_write_has_its_kind_and_changed_nothing(int status, PluginErrorKind kind)
    {
        await using var harness = await KubernetesHarness.StartAsync(istio: false, Token);
        var seen = await ReadAsync(harness);
        using var once = new OneRefusal(harness.Server, status);
        var failed = (await harness.Router.ApplyAsync(Intent(5_000, 1), seen.Revision, Token)).ShouldBeOfType<PluginResult<RouteState>.Failed>();
        failed.Error.Kind.ShouldBe(kind);
        if (status == 429)
            failed.Error.RetryAfter.ShouldBe(TimeSpan.FromSeconds(7));
        (await ReadAsync(harness)).Revision.ShouldBe(seen.Revision);
    }

    [Fact]
    public async Task a_plan_is_a_dry_run_of_the_server_and_its_refusal_is_the_plans()
    {
        await using var harness = await KubernetesHarness.StartAsync(istio: false, Token);
        var seen = await ReadAsync(harness);
        var plan = (await harness.Router.PlanAsync(Intent(5_000, 1), seen, Token)).ShouldBeOfType<PluginResult<RoutePlan>.Ok>().Value;
        plan.CheckedByBackend.ShouldBeTrue();
        plan.Changes[0].ShouldStartWith("PATCH /apis/gateway.networking.k8s.io/v1/namespaces/web/httproutes/shop: ");
        harness.Server.Asked.Count(a => a.Contains("dryRun=All")).ShouldBe(1);
        var many = Intent(5_000, 1) with { Overrides = [.. Enumerable.Range(0, 20).Select(i => new RouteOverride(RequestPart.Header, $"x-{i}", "1", "canary"))] };
        (await harness.Router.PlanAsync(many, seen, Token)).ShouldBeOfType<PluginResult<RoutePlan>.Failed>().Error.Kind.ShouldBe(PluginErrorKind.InvalidIntent, "more rules than an HTTPRoute may have");
        (await ReadAsync(harness)).Revision.ShouldBe(seen.Revision);
    }

    [Fact]
    public async Task it_is_verified_when_the_gateways_controller_has_taken_it()
    {
        await using var harness = await KubernetesHarness.StartAsync(istio: false, Token);
        harness.Server.Store.Controller = found => Objects.Accept(found, 1, "True");
        await AppliedAsync(harness, Intent(5_000, 1));
        (await harness.Router.VerifyAsync(Intent(5_000, 1), Token)).ShouldBeOfType<Verification.Pending>().Reason.ShouldContain("has not seen generation 2");
        Status(harness, found => Objects.Accept(found, 2, "False"));
        (await harness.Router.VerifyAsync(Intent(5_000, 1), Token)).ShouldBeOfType<Verification.Drifted>().Differences[0].ShouldContain("Accepted by the test");
        Status(harness, found => found.Remove("status"));
        (await harness.Router.VerifyAsync(Intent(5_000, 1), Token)).ShouldBeOfType<Verification.Pending>();
        Status(harness, Objects.Accept);
        (await harness.Router.VerifyAsync(Intent(5_000, 1), Token)).ShouldBeOfType<Verification.Verified>();
    }

    [Fact]
    public async Task istios_own_word_counts_where_it_gives_one()
    {
        await using var harness = await KubernetesHarness.StartAsync(istio: true, Token);
        await AppliedAsync(harness, Intent(5_000, 1));
        (await harness.Router.VerifyAsync(Intent(5_000, 1), Token)).ShouldBeOfType<Verification.Verified>();
        Status(harness, found => found["status"] = new JsonObject { ["observedGeneration"] = "1" });
        (await harness.Router.VerifyAsync(Intent(5_000, 1), Token)).ShouldBeOfType<Verification.Pending>();
        Status(harness, found => found["status"] = new JsonObject { ["observedGeneration"] = "2", ["validationMessages"] = new JsonArray(new JsonObject { ["level"] = "ERROR", ["documentationUrl"] = "IST0101" }) });
        (await harness.Router.VerifyAsync(Intent(5_000, 1), Token)).ShouldBeOfType<Verification.Drifted>();
    }

    [Fact]
    public async Task a_missing_subset_is_added_before_traffic_goes_to_it()
    {
        await using var harness = await KubernetesHarness.StartAsync(istio: true, Token);
        await AppliedAsync(harness, Intent(0, 1));
        harness.Server.Asked.ShouldNotContain(a => a.Contains("destinationrules"), "nothing goes to the canary yet");
        await AppliedAsync(harness, Intent(100, 2));
        var patches = harness.Server.Asked.Where(a => a.StartsWith("PATCH")).TakeLast(2).ToList();
        patches[0].ShouldContain("destinationrules/shop");
        patches[1].ShouldContain("virtualservices/shop");
        var rule = harness.Server.Store.Get(KubernetesHarness.RulePath)!["spec"]!;
        rule["subsets"]!.AsArray().Select(s => $"{s!["name"]} {s["labels"]!["version"]}").ShouldBe(["stable 1", "canary 2"]);
        ((string)rule["trafficPolicy"]!["loadBalancer"]!["simple"]!).ShouldBe("LEAST_REQUEST");
        await AppliedAsync(harness, Intent(200, 3));
        harness.Server.Asked.Count(a => a.StartsWith("PATCH") && a.Contains("destinationrules")).ShouldBe(1);

        var options = KubernetesHarness.Options(istio: true, harness.Server.Address);
        options.Routes["shop"].Arms["canary"] = new KubernetesArm { Service = "shop", Subset = "another" };
        using var unlabelled = await KubernetesHarness.RouterAsync(options, Token);
        harness.Server.Store.Put(KubernetesHarness.PathOf(istio: true), Objects.VirtualService(), null);
        var seen = (PluginResult<RouteState>.Ok)await unlabelled.ReadAsync("shop", Token);
        var failed = (await unlabelled.ApplyAsync(Intent(100, 4), seen.Value.Revision, Token)).ShouldBeOfType<PluginResult<RouteState>.Failed>();
        failed.Error.Message.ShouldContain("no subset 'another'");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task a_watcher_is_told_of_a_change_by_hand(bool istio)
    {
        await using var harness = await KubernetesHarness.StartAsync(istio, Token);
        await AppliedAsync(harness, Intent(5_000, 1));
        await using var changes = ((IWatchesRoutes)harness.Router).WatchAsync("shop", Token).GetAsyncEnumerator(Token);
        (await changes.MoveNextAsync()).ShouldBeTrue();
        changes.Current.WeightOf("canary").ShouldBe(5_000);
        await harness.ChangeBehindAsync(Token);
        (await changes.MoveNextAsync()).ShouldBeTrue();
        changes.Current.WeightOf("canary").ShouldBe(1_000);
        await harness.Server.StopAsync();
        (await changes.MoveNextAsync()).ShouldBeFalse("a watch that breaks off has ended");
        await harness.Server.StartAgainAsync(Token);
    }

    [Fact]
    public async Task a_teams_own_rule_by_other_headers_is_no_override()
    {
        await using var harness = await KubernetesHarness.StartAsync(istio: true, Token);
        var found = Objects.VirtualService();
        var rules = found["spec"]!["http"]!.AsArray();
        rules[1]!["match"] = JsonNode.Parse("""[{"headers":{"x-shop":{"exact":"1"}}}]""");
        var own = JsonNode.Parse("""{"match":[{"headers":{"x-a":{"exact":"1"},"x-b":{"exact":"1"}}}],"route":[{"destination":{"host":"shop","subset":"stable"}}]}""")!;
        rules.Insert(1, own.DeepClone());
        harness.Server.Store.Put(KubernetesHarness.PathOf(istio: true), found, null);
        await AppliedAsync(harness, Intent(2_500, 1));
        JsonNode.DeepEquals(harness.Stored["spec"]!["http"]![1], own).ShouldBeTrue();
    }

    [Theory]
    [InlineData("https://10.0.0.1:6443", "https://10.0.0.1:6443/apis/x?dryRun=All")]
    [InlineData("https://rancher.example/k8s/clusters/c-1", "https://rancher.example/k8s/clusters/c-1/apis/x?dryRun=All")]
    [InlineData("https://rancher.example/k8s/clusters/c-1/", "https://rancher.example/k8s/clusters/c-1/apis/x?dryRun=All")]
    public void an_api_server_behind_a_path_keeps_it(string server, string asked) =>
        KubeApi.At(new Uri(server), "/apis/x?dryRun=All").AbsoluteUri.ShouldBe(asked);

    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    public async Task an_abort_reads_again_while_others_write_and_keeps_what_they_wrote(int writes)
    {
        await using var harness = await KubernetesHarness.StartAsync(istio: false, Token);
        await AppliedAsync(harness, Intent(5_000, 1));
        var written = 0;
        harness.Server.BeforeWrite = () => _ = written < writes && Label(harness, ++written);
        var aborted = (await harness.Router.AbortAsync(new AbortOrder("shop", "stable", 2, AbortLevel.StopNew), Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
        aborted.Value.WeightOf("canary").ShouldBe(0);
        ((string?)harness.Stored["metadata"]!["labels"]!["written"]).ShouldBe($"{writes}");
        harness.Server.Asked.Count(a => a.StartsWith("PATCH")).ShouldBe(1 + writes + 1);
    }

    [Fact]
    public async Task an_abort_between_writes_that_never_end_is_a_conflict_to_be_repeated()
    {
        await using var harness = await KubernetesHarness.StartAsync(istio: false, Token);
        await AppliedAsync(harness, Intent(5_000, 1));
        var (written, order) = (0, new AbortOrder("shop", "stable", 2, AbortLevel.StopNew));
        harness.Server.BeforeWrite = () => Label(harness, ++written);
        var failed = (await harness.Router.AbortAsync(order, Token)).ShouldBeOfType<PluginResult<RouteState>.Failed>();
        (failed.Error.Kind, failed.Error.Retry).ShouldBe((PluginErrorKind.Conflict, Retryability.AfterRead));
        harness.Server.BeforeWrite = null;
        (await harness.Router.AbortAsync(order, Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>().Value.WeightOf("canary").ShouldBe(0);
    }

    [Fact]
    public async Task a_watch_takes_no_line_that_is_longer_than_an_object_may_be()
    {
        static async Task<int> ReadAsync(string text, int mostBytes)
        {
            using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));
            return await WatchLines.ReadAsync(stream, mostBytes, Token).CountAsync(Token);
        }

        const string Line = "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{}}}\n";
        (await ReadAsync(Line + Line, 100)).ShouldBe(2);
        (await ReadAsync(Line + "{\"type\":\"ERROR\"}\n" + Line, 100)).ShouldBe(1);
        await Should.ThrowAsync<System.Text.Json.JsonException>(() => ReadAsync(Line + new string(' ', 101), 100));
        await Should.ThrowAsync<System.Text.Json.JsonException>(() => ReadAsync(Line + "nonsense\n", 100));
    }

    [Fact]
    public async Task a_kubeconfig_says_where_whom_to_trust_and_who_we_are()
    {
        using var authority = Certificates.Make("authority", null);
        using var made = Certificates.Make("127.0.0.1", authority);
        await using var server = await ApiServer.StartAsync(Token, made.ForListening());
        server.Token = "from-the-kubeconfig";
        server.Store.Controller = Objects.Accept;
        server.Store.Put(KubernetesHarness.PathOf(istio: false), Objects.HttpRoute(), null);
        var options = KubernetesHarness.Options(istio: false, null);
        options.Kubeconfig = KubernetesHarness.Kubeconfig(
            $"server: \"{server.Address}\", certificate-authority-data: {Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(authority.ExportCertificatePem()))}",
            "user: { token: from-the-kubeconfig }");
        using var router = await KubernetesHarness.RouterAsync(options, Token);
        (await router.ReadAsync("shop", Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>().Value.WeightOf("stable").ShouldBe(10_000);
        options.Kubeconfig = new Secret(options.Kubeconfig.Reveal().Replace("from-the-kubeconfig", "wrong"));
        using var wrong = await KubernetesHarness.RouterAsync(options, Token);
        (await wrong.ReadAsync("shop", Token)).ShouldBeOfType<PluginResult<RouteState>.Failed>().Error.Kind.ShouldBe(PluginErrorKind.Unauthorized);
    }

    [Fact]
    public void options_that_contradict_each_other_are_named()
    {
        var options = KubernetesHarness.Options(istio: false, new Uri("http://10.0.0.1:1"));
        options.Kubeconfig = new Secret("x");
        options.Routes["a route"] = new KubernetesRoute { Name = "x", DestinationRule = "x", Stable = "blue", Arms = { ["green"] = new KubernetesArm { Service = "x", Subset = "y" } } };
        ((IPlugin)new KubernetesPlugin()).Faults(options).Select(f => f.Field).ShouldBe(
            ["Kubeconfig", "Server", "Routes:a route", "Routes:a route:Stable", "Routes:a route:DestinationRule", "Routes:a route:Arms:green:Port", "Routes:a route:Arms:green:Subset"]);
    }

    [Fact]
    public async Task it_is_loaded_from_its_folder_and_steers()
    {
        await using var harness = await KubernetesHarness.StartAsync(istio: false, Token);
        harness.Server.Token = null;
        using var folder = new PluginFolder();
        folder.Copy("Kubernetes", BuiltPlugins.FolderOf("Kubernetes"));
        await using var hosted = await Hosted.StartAsync(
            folder,
            ("Instances:cluster:Plugin", "kubernetes"),
            ("Instances:cluster:Options:Api", "GatewayApi"),
            ("Instances:cluster:Options:Server", harness.Server.Address.ToString()),
            ("Instances:cluster:Options:Routes:shop:Namespace", "web"),
            ("Instances:cluster:Options:Routes:shop:Name", "shop"),
            ("Instances:cluster:Options:Routes:shop:Arms:stable:Service", "stable"),
            ("Instances:cluster:Options:Routes:shop:Arms:stable:Port", "80"),
            ("Instances:cluster:Options:Routes:shop:Arms:canary:Service", "canary"),
            ("Instances:cluster:Options:Routes:shop:Arms:canary:Port", "80"));
        AssemblyLoadContext.GetLoadContext(hosted.Plugins.Installed.Single().Entry.GetType().Assembly).ShouldNotBe(AssemblyLoadContext.Default);
        harness.Server.Instead.Enqueue((503, null));
        var steered = await hosted.Steering.ApplyAsync("cluster", Intent(10_000, 1), Token);
        (steered.Verification, steered.Attempts).ShouldSatisfyAllConditions(s => s.Verification.ShouldBeOfType<Verification.Verified>(), s => s.Attempts.ShouldBe(2));
        (await hosted.Report.CheckAsync("cluster", Token))!.Ok.ShouldBeTrue();
    }

    /// <summary>Somebody else writes a label of theirs.</summary>
    private static bool Label(KubernetesHarness harness, int written)
    {
        var found = harness.Stored;
        found["metadata"]!["labels"]!["written"] = $"{written}";
        return harness.Server.Store.Put(KubernetesHarness.PathOf(istio: false), found, null) is not null;
    }

    private static RouteIntent Intent(int canary, long generation) => new("shop", generation, "stable", [new("stable", BasisPoints.All - canary), new("canary", canary)]);

    private static ImmutableArray<RouteOverride> Overrides(bool istio) =>
    [
        new RouteOverride(RequestPart.Header, "x-arm", "canary", "canary"),
        .. istio ? [new RouteOverride(RequestPart.Cookie, "arm", "c=n.r+y", "canary")] : ImmutableArray<RouteOverride>.Empty,
    ];

    private static async Task<RouteState> ReadAsync(KubernetesHarness harness) => ((PluginResult<RouteState>.Ok)await harness.Router.ReadAsync("shop", Token)).Value;

    private static async Task AppliedAsync(KubernetesHarness harness, RouteIntent intent)
    {
        (await harness.Router.ApplyAsync(intent, (await ReadAsync(harness)).Revision, Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
        (await ReadAsync(harness)).DifferencesTo(intent).ShouldBeEmpty();
    }

    /// <summary>The controller writes a status.</summary>
    private static void Status(KubernetesHarness harness, Action<JsonObject> write)
    {
        harness.Server.Store.Controller = write;
        harness.Server.Store.Put(KubernetesHarness.PathOf((string?)harness.Stored["kind"] == "VirtualService"), harness.Stored, null);
    }

    /// <summary>The next write is answered with a status; reads are not.</summary>
    private sealed class OneRefusal : IDisposable
    {
        private readonly ApiServer _server;

        public OneRefusal(ApiServer server, int status)
        {
            _server = server;
            server.InsteadOfWrite = (status, status == 429 ? 7 : null);
        }

        public void Dispose() => _server.InsteadOfWrite.ShouldBeNull("the write was asked for");
    }
}
