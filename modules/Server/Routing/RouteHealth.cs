using Delivery.Contracts.Commands;
using Delivery.Contracts.Metrics;
using Delivery.Contracts.Routing;
using Delivery.Plugins.Host;
using Delivery.Plugins.Measuring;
using Mediator;

namespace Delivery.Server.Routing;

internal sealed class GetRouteHealthHandler(RouteReadings readings) : IQueryHandler<GetRouteHealth, ReleaseHealth>
{
    public async ValueTask<ReleaseHealth> Handle(GetRouteHealth query, CancellationToken cancellationToken) => await readings.ReadAsync(query, cancellationToken);
}

/// <summary>An arm's statistics in the shape of a release's; a bucket without an upper edge is taken for twice its lower one.</summary>
internal static class RouteArms
{
    public static ArmHealth Of(string arm, MetricReading? errors, MetricReading? latency)
    {
        if (errors?.Arms.FirstOrDefault(a => a.Arm == arm)?.Statistics is not ArmStatistics.Counts counts)
            return ArmHealth.Empty;
        var histogram = latency?.Arms.FirstOrDefault(a => a.Arm == arm)?.Statistics as ArmStatistics.Histogram;
        return new ArmHealth(
            counts.Trials, counts.Trials, counts.Trials, counts.Events, counts.Events,
            histogram is null ? [] : [.. histogram.Buckets.Where(b => b.Count > 0).Select(b => new LatencyBucket(b.From, b.To == long.MaxValue ? Math.Max(2 * b.From, 1) : b.To, b.Count))],
            new Dictionary<string, long>());
    }
}

internal sealed class CheckRouteHealthHandler(PluginHost plugins) : IQueryHandler<CheckRouteHealth, IReadOnlyList<FieldError>>
{
    public ValueTask<IReadOnlyList<FieldError>> Handle(CheckRouteHealth query, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<FieldError>>([.. Faults(query)]);

    private IEnumerable<FieldError> Faults(CheckRouteHealth query)
    {
        if (plugins.Source(query.Source) is not { } source)
        {
            yield return new("source", $"a metric source that is there: {string.Join(", ", plugins.Sources.Where(s => plugins.Source(s) is not null))}");
            yield break;
        }

        var metrics = source.Descriptor.Metrics;
        string Names(MetricShape shape) => string.Join(", ", metrics.Where(m => m.Shape == shape).Select(m => m.Name));
        if (!metrics.Any(m => m.Name == query.Errors && m.Shape == MetricShape.Counts))
            yield return new("errors", $"a metric of counts: {Names(MetricShape.Counts)}");
        if (query.Latency is { } latency && !metrics.Any(m => m.Name == latency && m.Shape == MetricShape.Histogram))
            yield return new("latency", $"a metric of histograms: {Names(MetricShape.Histogram)}");
    }
}
