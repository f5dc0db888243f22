using Delivery.AppHost.Infrastructure;

namespace AppHost.Tests.Platform;

public sealed class DeploymentDemoTests
{
    private readonly List<string> _said = [];

    [Fact]
    public void without_prometheus_there_is_no_demo_of_deployments_and_the_package_is_named()
    {
        DeploymentDemo.Of(name => name == "haproxy" ? "/sbin/haproxy" : null, _said.Add).ShouldBeNull();
        _said.ShouldHaveSingleItem().ShouldContain("apt-get install prometheus");
    }

    [Fact]
    public void without_haproxy_the_embedded_router_takes_over_and_the_package_is_named()
    {
        using var demo = DeploymentDemo.Of(name => name == "prometheus" ? "/bin/prometheus" : null, _said.Add).ShouldNotBeNull();
        demo.HAProxy.ShouldBeNull();
        _said.ShouldHaveSingleItem().ShouldContain("apt-get install haproxy");
    }

    [Fact]
    public void with_both_nothing_is_said_and_the_files_are_gone_at_the_end()
    {
        string folder;
        using (var demo = DeploymentDemo.Of(name => $"/bin/{name}", _said.Add).ShouldNotBeNull())
        {
            folder = demo.Folder;
            File.ReadAllText(demo.PrometheusFile).ShouldContain($"127.0.0.1:{demo.ShopPorts[2]}");
            File.Exists(demo.MapFile).ShouldBeTrue();
            demo.ShopPorts.Append(demo.EdgePort).Append(demo.PrometheusPort).Distinct().Count().ShouldBe(5);
        }

        _said.ShouldBeEmpty();
        Directory.Exists(folder).ShouldBeFalse();
    }
}
