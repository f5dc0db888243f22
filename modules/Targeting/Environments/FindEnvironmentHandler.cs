using Delivery.Contracts.Targeting;
using Marten;
using Mediator;

namespace Delivery.Targeting.Environments;

internal sealed class FindEnvironmentHandler(IQuerySession session) : IQueryHandler<FindEnvironment, EnvironmentSummary?>
{
    public async ValueTask<EnvironmentSummary?> Handle(FindEnvironment query, CancellationToken cancellationToken) =>
        await session.LoadAsync<DeliveryEnvironment>(DeliveryEnvironment.Stream(query.Environment), cancellationToken) is { } environment
            ? new EnvironmentSummary(environment.Key, environment.RequiresApproval)
            : null;
}
