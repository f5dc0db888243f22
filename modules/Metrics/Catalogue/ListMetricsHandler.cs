using Delivery.Contracts.Metrics;
using Marten;
using Mediator;

namespace Delivery.Metrics.Catalogue;

internal sealed class ListMetricsHandler(IQuerySession session) : IQueryHandler<ListMetrics, IReadOnlyList<MetricView>>
{
    public async ValueTask<IReadOnlyList<MetricView>> Handle(ListMetrics query, CancellationToken cancellationToken)
    {
        var own = await session.Query<Metric>().ToListAsync(cancellationToken);
        return [.. SystemMetrics.All.Concat(own.Where(m => query.WithArchived || !m.Archived).Select(m => m.View())).OrderBy(m => m.Key, StringComparer.Ordinal)];
    }
}

internal sealed class FindMetricHandler(IQuerySession session) : IQueryHandler<FindMetric, MetricView?>
{
    public async ValueTask<MetricView?> Handle(FindMetric query, CancellationToken cancellationToken)
    {
        if (SystemMetrics.Find(query.Metric) is { } system)
            return query.Version is null or 0 ? system : null;
        if (query.Metric.Contains('\0', StringComparison.Ordinal))
            return null;
        if (query.Version is not { } version)
            return (await session.LoadAsync<Metric>(Metric.Stream(query.Metric), cancellationToken))?.View();
        var metric = version < 1 ? null : await session.Events.AggregateStreamAsync<Metric>(Metric.Stream(query.Metric), version, token: cancellationToken);
        return metric?.Version == version ? metric.View() : null;
    }
}
