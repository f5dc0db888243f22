using Delivery.Plugins.Host;
using Delivery.Plugins.Kubernetes;
using Delivery.Plugins.Tests.Hosting;

namespace Delivery.Plugins.Tests.Kubernetes;

/// <summary>Options that are refused before the server starts: two that steer one rule, and kubeconfigs that can't be used.</summary>
public sealed class KubernetesOptionsTests
{
    [Theory]
    [InlineData("", "", true)]
    [InlineData("first", "first", true)]
    [InlineData("first", "", true)]
    [InlineData("first", "second", false)]
    public void two_routes_on_one_rule_are_refused(string one, string other, bool refused)
    {
        var options = KubernetesHarness.Options(istio: false, new Uri("http://127.0.0.1:1"));
        (options.Routes["shop"].Rule, options.Routes["again"]) = (one is "" ? null : one, KubernetesHarness.Options(istio: false, null).Routes["shop"]);
        options.Routes["again"].Rule = other is "" ? null : other;
        Faults(options).Select(f => f.Field).ShouldBe(refused ? ["Routes:again:Rule"] : []);
        options.Routes["again"].Name = "another";
        Faults(options).ShouldBeEmpty();
    }

    [Fact]
    public void two_routes_of_one_object_that_are_found_by_other_destinations_are_taken()
    {
        var options = KubernetesHarness.Options(istio: false, new Uri("http://127.0.0.1:1"));
        options.Routes["cart"] = new KubernetesRoute
        {
            Namespace = "web",
            Name = "shop",
            Arms = { ["stable"] = new KubernetesArm { Service = "cart", Port = 80 }, ["canary"] = new KubernetesArm { Service = "cart-2", Port = 80 } },
        };
        Faults(options).ShouldBeEmpty();
    }

    [Fact]
    public async Task two_instances_on_one_rule_fail_the_start()
    {
        using var folder = new PluginFolder().Copy("Kubernetes", BuiltPlugins.FolderOf("Kubernetes"));
        (string, string)[] Instance(string name, string route, string service) =>
        [
            ($"Instances:{name}:Plugin", "kubernetes"),
            ($"Instances:{name}:Options:Api", "GatewayApi"),
            ($"Instances:{name}:Options:Server", "http://127.0.0.1:1/"),
            ($"Instances:{name}:Options:Routes:{route}:Name", "shop"),
            ($"Instances:{name}:Options:Routes:{route}:Arms:stable:Service", service),
            ($"Instances:{name}:Options:Routes:{route}:Arms:stable:Port", "80"),
        ];
        var refused = await Should.ThrowAsync<PluginRefused>(() => Hosted.StartAsync(folder, [.. Instance("east", "shop", "shop"), .. Instance("west", "again", "shop")]));
        refused.What.ShouldBe("west");
        refused.Reason.ShouldBe("the instance 'east' steers the same, and they would overwrite each other: the rule that leads to shop:80 of the HTTPRoute default/shop at http://127.0.0.1:1");
        await using var apart = await Hosted.StartAsync(folder, [.. Instance("east", "shop", "shop"), .. Instance("west", "cart", "cart")]);
        apart.Plugins.Routers.ShouldBe(["east", "west"]);
    }

    [Theory]
    [InlineData("user: { exec: { apiVersion: client.authentication.k8s.io/v1, command: aws } }", "server: 'https://10.0.0.1'", "no 'exec'")]
    [InlineData("user: { auth-provider: { name: gcp } }", "server: 'https://10.0.0.1'", "no 'auth-provider'")]
    [InlineData("user: { token: t }", "server: 'https://10.0.0.1', insecure-skip-tls-verify: true", "without insecure-skip-tls-verify")]
    [InlineData("user: { token: t }", "server: ''", "has a cluster with a server")]
    [InlineData("user: { token: t } } }}", "server: 'https://10.0.0.1'", "a kubeconfig, in YAML")]
    public void a_kubeconfig_that_can_not_be_used_is_refused_and_not_shown(string user, string cluster, string reason)
    {
        var options = KubernetesHarness.Options(istio: false, null);
        options.Kubeconfig = KubernetesHarness.Kubeconfig(cluster, user);
        var fault = Faults(options).ShouldHaveSingleItem();
        fault.Field.ShouldBe("Kubeconfig");
        fault.Accepted.ShouldContain(reason);
        fault.Accepted.ShouldNotContain("aws");
    }

    private static System.Collections.Immutable.ImmutableArray<Fault> Faults(KubernetesOptions options) => ((IPlugin)new KubernetesPlugin()).Faults(options);
}
