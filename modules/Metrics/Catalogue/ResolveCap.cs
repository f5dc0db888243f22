using System.Globalization;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Metrics;
using Mediator;

namespace Delivery.Metrics.Catalogue;

/// <summary>The definition with its cap as a number: as it is where it has one, or by its <see cref="MetricDefinition.CapFrom"/>.</summary>
/// <param name="Metric">The metric's key, whose cap stays when it was worked out for the same; null of one that is only tried, with its cap if it has one.</param>
/// <param name="Definition">The definition as the caller wrote it.</param>
internal sealed record ResolveCap(string? Metric, MetricDefinition Definition) : IQuery<CapResolution>;

/// <summary>What became of a cap.</summary>
internal abstract record CapResolution
{
    private CapResolution()
    {
    }

    public sealed record Resolved(MetricDefinition Definition) : CapResolution;

    public sealed record Refused(IReadOnlyList<FieldError> Faults) : CapResolution;
}

internal sealed class ResolveCapHandler(ISender sender, CapSql caps, TimeProvider time) : IQueryHandler<ResolveCap, CapResolution>
{
    public async ValueTask<CapResolution> Handle(ResolveCap query, CancellationToken cancellationToken)
    {
        var asked = query.Definition;
        if (asked.CapFrom is not { } origin || DefinitionFaults.Of(query.Metric ?? "tried", asked).Any())
            return new CapResolution.Resolved(asked);
        if (query.Metric is null && asked.Cap is not null)
            return new CapResolution.Resolved(asked);
        if (query.Metric is { } key && await sender.Send(new FindMetric(key), cancellationToken) is { Archived: false } known && Holds(known.Definition, asked))
            return new CapResolution.Resolved(asked with { Cap = known.Definition.Cap, CapFrom = known.Definition.CapFrom });
        if (asked.Cap is not null)
            return Refuse("cap", "nothing beside capFrom: the server works it out");
        var to = time.GetUtcNow();
        var from = to - TimeSpan.FromSeconds(asked.WindowSeconds!.Value);
        var (units, value) = await caps.ReadAsync(asked, origin, from, to, cancellationToken);
        if (units < Least(origin.Percentile))
        {
            return Refuse("capFrom", string.Create(CultureInfo.InvariantCulture,
                $"at least {Least(origin.Percentile)} units with such an event: the {origin.Percentile}th percentile means nothing of the {units} that '{origin.Environment}' had since {from:O}"));
        }

        return value > 0
            ? new CapResolution.Resolved(asked with { Cap = value, CapFrom = origin with { From = from, To = to, Units = units } })
            : Refuse("capFrom", string.Create(CultureInfo.InvariantCulture, $"a percentile above 0: the {origin.Percentile}th is {value}"));
    }

    /// <summary>One unit at least lies beyond the percentile.</summary>
    internal static long Least(decimal percentile) => (long)Math.Ceiling(100 / (100 - percentile));

    /// <summary>Whether a cap of the present definition is what is asked for: of the same values by the same percentile, and the same number if one is named.</summary>
    private static bool Holds(MetricDefinition present, MetricDefinition asked) =>
        present.CapFrom is { } its && its.Environment == asked.CapFrom!.Environment && its.Percentile == asked.CapFrom.Percentile
        && (asked.Cap is null || asked.Cap == present.Cap)
        && DefinitionText.Measured(present) == DefinitionText.Measured(asked);

    private static CapResolution.Refused Refuse(string field, string accepted) => new([new FieldError(field, accepted)]);
}
