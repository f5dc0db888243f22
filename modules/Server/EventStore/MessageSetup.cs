using System.Reflection;
using JasperFx.CodeGeneration;
using Mediator;
using Wolverine;
using Wolverine.ErrorHandling;

namespace Delivery.Server.EventStore;

/// <summary>
/// Facts between modules: Wolverine's durable local queues over the Marten outbox. A module's public static
/// <c>*Handler</c> classes are thin: they send the command that the fact asks for.
/// </summary>
internal static class MessageSetup
{
    public static void AddMessages(this WebApplicationBuilder builder) => builder.Host.UseWolverine(options =>
    {
        options.ServiceName = "delivery";
        foreach (var module in Modules())
            options.Discovery.IncludeAssembly(module);
        options.Durability.Mode = DurabilityMode.Solo;
        options.MultipleHandlerBehavior = MultipleHandlerBehavior.Separated;
        options.Durability.MessageIdentity = MessageIdentity.IdAndDestination;
        options.Policies.UseDurableLocalQueues();
        // In memory: written files would land in the source tree and be compiled into the next build.
        options.CodeGeneration.TypeLoadMode = TypeLoadMode.Dynamic;
        options.CodeGeneration.AlwaysUseServiceLocationFor<ISender>();
        options.OnException<Exception>().RetryWithCooldown(
            TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
    });

    private static IEnumerable<Assembly> Modules() =>
    [
        typeof(Targeting.TargetingModule).Assembly,
        typeof(Exposures.ExposuresModule).Assembly,
        typeof(Metrics.MetricsModule).Assembly,
        typeof(Rollouts.RolloutsModule).Assembly,
        typeof(Alerting.AlertingModule).Assembly,
    ];
}
