using Delivery.Contracts.Metrics;
using Mediator;

namespace Delivery.Metrics.Health;

/// <summary>Answers from memory, after a look at where the logs stand.</summary>
internal sealed class GetReleaseHealthHandler(LiveHealth health, LogHeads heads) : IQueryHandler<GetReleaseHealth, ReleaseHealth>
{
    public async ValueTask<ReleaseHealth> Handle(GetReleaseHealth query, CancellationToken cancellationToken)
    {
        await heads.ObserveAsync(cancellationToken);
        return health.Read(query);
    }
}
