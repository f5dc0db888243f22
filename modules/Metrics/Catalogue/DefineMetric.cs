using Delivery.Contracts.Commands;
using Delivery.Contracts.Metrics;
using Marten;
using Mediator;

namespace Delivery.Metrics.Catalogue;

/// <summary>Puts a metric into the catalogue, or makes it measure something else. The same again changes nothing.</summary>
internal sealed record DefineMetric(Audit Audit, string Metric, MetricDefinition Definition) : Command(Audit);

/// <summary>Retires a metric. Repeating it changes nothing.</summary>
internal sealed record ArchiveMetric(Audit Audit, string Metric) : Command(Audit);

internal static class MetricDecisions
{
    public static IEnumerable<object> Decide(DefineMetric command, Metric? metric)
    {
        if (metric is null || metric.Archived)
            yield return new MetricDefined(command.Metric, command.Definition);
        else if (!DefinitionText.Same(metric.Definition, command.Definition))
            yield return new MetricRedefined(command.Metric, command.Definition);
    }

    public static IEnumerable<object> Decide(ArchiveMetric command, Metric metric)
    {
        if (!metric.Archived)
            yield return new MetricArchived(command.Metric);
    }
}

internal sealed class DefineMetricHandler(IDocumentSession session) : ICommandHandler<DefineMetric, Outcome>
{
    public async ValueTask<Outcome> Handle(DefineMetric command, CancellationToken cancellationToken)
    {
        if (SystemMetrics.Find(command.Metric) is not null)
            return new Outcome.Refused("system-metric", $"'{command.Metric}' is one of the system's own metrics; take another key.");
        if (DefinitionFaults.Of(command.Metric, command.Definition).ToList() is { Count: > 0 } faults)
            return new Outcome.Invalid(faults);
        var stream = await session.Events.FetchForWriting<Metric>(Metric.Stream(command.Metric), cancellationToken);
        var version = stream.CurrentVersion ?? 0;
        if (command.Audit.ExpectedVersion is { } expected && expected != version)
            return new Outcome.Stale("metric", command.Metric, expected, version);
        var events = MetricDecisions.Decide(command, stream.Aggregate).ToList();
        stream.AppendMany(events);
        return new Outcome.Done("metric", command.Metric, version + events.Count, events.Count > 0);
    }
}

internal sealed class ArchiveMetricHandler(IDocumentSession session) : ICommandHandler<ArchiveMetric, Outcome>
{
    public async ValueTask<Outcome> Handle(ArchiveMetric command, CancellationToken cancellationToken)
    {
        if (SystemMetrics.Find(command.Metric) is not null)
            return new Outcome.Refused("system-metric", $"'{command.Metric}' is one of the system's own metrics; it stays.");
        var stream = await session.Events.FetchForWriting<Metric>(Metric.Stream(command.Metric), cancellationToken);
        if (stream.Aggregate is not { } metric)
            return new Outcome.NotFound("metric", command.Metric);
        var version = stream.CurrentVersion ?? 0;
        if (command.Audit.ExpectedVersion is { } expected && expected != version)
            return new Outcome.Stale("metric", command.Metric, expected, version);
        var events = MetricDecisions.Decide(command, metric).ToList();
        stream.AppendMany(events);
        return new Outcome.Done("metric", command.Metric, version + events.Count, events.Count > 0);
    }
}
