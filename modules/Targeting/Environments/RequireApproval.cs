using Delivery.Contracts.Access;
using Delivery.Contracts.Commands;
using Delivery.Targeting.Flags;
using Marten;
using Mediator;

namespace Delivery.Targeting.Environments;

/// <summary>Says whether changes of flags in an environment need a second person. Repeating it changes nothing.</summary>
internal sealed record RequireApproval(Audit Audit, string Key, bool Required) : Command(Audit)
{
    public override AccessRole RequiredRole => AccessRole.Admin;
}

internal static class ApprovalRequirement
{
    public static Decision Decide(RequireApproval command, DeliveryEnvironment environment) =>
        command.Required == environment.RequiresApproval ? Decision.Nothing
        : command.Required ? Decision.Of(new EnvironmentApprovalRequired(environment.Key))
        : Decision.Of(new EnvironmentApprovalLifted(environment.Key));
}

internal sealed class RequireApprovalHandler(IDocumentSession session) : ICommandHandler<RequireApproval, Outcome>
{
    public async ValueTask<Outcome> Handle(RequireApproval command, CancellationToken cancellationToken)
    {
        var stream = await session.Events.FetchForWriting<DeliveryEnvironment>(DeliveryEnvironment.Stream(command.Key), cancellationToken);
        return stream.Aggregate is { } environment
            ? stream.Finish(command.Audit, "environment", command.Key, ApprovalRequirement.Decide(command, environment))
            : new Outcome.NotFound("environment", command.Key);
    }
}
