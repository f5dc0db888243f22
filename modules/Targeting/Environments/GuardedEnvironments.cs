using Marten;

namespace Delivery.Targeting.Environments;

/// <summary>The environments where a change of a flag needs a second person, read in the transaction that asks.</summary>
internal sealed class GuardedEnvironments(IQuerySession session)
{
    public async Task<IReadOnlyCollection<string>> GuardedAsync(CancellationToken cancellationToken) =>
        (await session.Query<DeliveryEnvironment>().Where(environment => environment.RequiresApproval).ToListAsync(cancellationToken))
            .Select(environment => environment.Key).ToHashSet(StringComparer.Ordinal);
}
