using System.Text.Json;
using Delivery.Contracts.Http;
using Delivery.Contracts.Metrics;

namespace Delivery.Metrics.Catalogue;

/// <summary>Definitions are equal when they are written alike: records compare their lists by reference.</summary>
internal static class DefinitionText
{
    public static bool Same(MetricDefinition a, MetricDefinition b) => Of(a) == Of(b);

    private static string Of(MetricDefinition definition) => JsonSerializer.Serialize(definition, Json.Options);
}
