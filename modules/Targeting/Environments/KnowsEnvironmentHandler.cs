using Delivery.Contracts.Targeting;
using Delivery.Targeting.Live;
using Mediator;

namespace Delivery.Targeting.Environments;

internal sealed class KnowsEnvironmentHandler(LiveRulesets rulesets) : IQueryHandler<KnowsEnvironment, bool>
{
    public ValueTask<bool> Handle(KnowsEnvironment query, CancellationToken cancellationToken) =>
        ValueTask.FromResult(rulesets.Find(query.Environment) is not null);
}
