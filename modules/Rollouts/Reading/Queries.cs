using Delivery.Contracts.Rollouts;
using Marten;
using Mediator;

namespace Delivery.Rollouts;

internal sealed class ListReleasesHandler(IQuerySession session, LookBook book, TimeProvider time)
    : IQueryHandler<ListReleases, IReadOnlyList<ReleaseView>>
{
    public async ValueTask<IReadOnlyList<ReleaseView>> Handle(ListReleases query, CancellationToken cancellationToken)
    {
        var all = session.Query<Rollout>();
        var wanted = query.Environment is { } environment ? all.Where(r => r.Plan.Environment == environment) : all;
        var rollouts = await wanted.ToListAsync(cancellationToken);
        var now = time.GetUtcNow();
        return rollouts.OrderByDescending(r => r.PlannedAt).ThenBy(r => r.Key, StringComparer.Ordinal)
            .Select(r => Views.Of(r, book.Last(r.Key), now)).ToList();
    }
}

internal sealed class FindReleaseHandler(IQuerySession session, LookBook book, TimeProvider time) : IQueryHandler<FindRelease, ReleaseView?>
{
    public async ValueTask<ReleaseView?> Handle(FindRelease query, CancellationToken cancellationToken) =>
        await session.LoadAsync<Rollout>(Rollout.Stream(query.Rollout), cancellationToken) is { } rollout
            ? Views.Of(rollout, book.Last(rollout.Key), time.GetUtcNow())
            : null;
}

internal sealed class ListLooksHandler(LookBook book) : IQueryHandler<ListLooks, IReadOnlyList<Look>>
{
    public ValueTask<IReadOnlyList<Look>> Handle(ListLooks query, CancellationToken cancellationToken) => ValueTask.FromResult(book.Looks(query.Rollout));
}
