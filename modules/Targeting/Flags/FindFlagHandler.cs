using Delivery.Contracts.Targeting;
using Delivery.Targeting.Environments;
using Marten;
using Mediator;

namespace Delivery.Targeting.Flags;

internal sealed class FindFlagHandler(IQuerySession session) : IQueryHandler<FindFlag, FlagSummary?>
{
    public async ValueTask<FlagSummary?> Handle(FindFlag query, CancellationToken cancellationToken)
    {
        if (await session.LoadAsync<Flag>(Flag.Stream(query.Flag), cancellationToken) is not { } flag)
            return null;
        var environment = await session.LoadAsync<DeliveryEnvironment>(DeliveryEnvironment.Stream(query.Environment), cancellationToken);
        var exists = environment is not null;
        var here = flag.In(query.Environment);
        return new FlagSummary(
            flag.Key,
            flag.Identity.Owner,
            [.. flag.Identity.Variants.Select(v => v.Key)],
            here.Configuration.OffVariant ?? flag.Identity.OffVariant,
            flag.Version,
            exists && here.Configuration.Enabled,
            here.Killed,
            flag.Archived,
            exists)
        {
            RequiresApproval = environment?.RequiresApproval ?? false,
            OpenReleases = [.. here.Releases.Select(release => release.Rollout)],
        };
    }
}
