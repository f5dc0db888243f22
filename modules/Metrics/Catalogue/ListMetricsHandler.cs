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
    public async ValueTask<MetricView?> Handle(FindMetric query, CancellationToken cancellationToken) =>
        SystemMetrics.Find(query.Metric) ?? (query.Metric.Contains('\0', StringComparison.Ordinal) ? null : await session.LoadAsync<Metric>(Metric.Stream(query.Metric), cancellationToken))?.View();
}
