using Delivery.Plugins.Compliance;

namespace Delivery.Plugins.Tests.Kubernetes;

public sealed class GatewayApiCompliance : RouterCompliance
{
    protected override async Task<IRouterHarness> StartAsync(CancellationToken cancellationToken) => await KubernetesHarness.StartAsync(istio: false, cancellationToken);
}

public sealed class IstioCompliance : RouterCompliance
{
    protected override async Task<IRouterHarness> StartAsync(CancellationToken cancellationToken) => await KubernetesHarness.StartAsync(istio: true, cancellationToken);
}
