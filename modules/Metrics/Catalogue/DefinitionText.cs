using System.Text.Json;
using Delivery.Contracts.Http;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Folding;

namespace Delivery.Metrics.Catalogue;

/// <summary>Definitions are equal when they are written alike: records compare their lists by reference.</summary>
internal static class DefinitionText
{
    public static bool Same(MetricDefinition a, MetricDefinition b) => Of(a) == Of(b);

    /// <summary>What of a definition makes a unit's value, but for its cap.</summary>
    public static string Measured(MetricDefinition definition) => FoldedMetric.TextOf(definition with { Cap = null });

    private static string Of(MetricDefinition definition) => JsonSerializer.Serialize(definition, Json.Options);
}
