using Delivery.Otlp;

namespace Delivery.Metrics.Intake.OpenTelemetry;

/// <summary>Who sent it, as a resource says.</summary>
internal static class OtlpSource
{
    private static readonly string[] Kept = ["service.name", "service.version", "service.instance.id", "deployment.environment.name"];

    /// <summary>The attributes of a resource that are worth a filter; the others are of machines.</summary>
    public static IEnumerable<KeyValue> Of(Resource? resource) => resource is null ? [] : resource.Attributes.Where(attribute => Kept.Contains(attribute.Key));

    /// <summary>The log's column <c>source</c>.</summary>
    public static string Name(Resource? resource) =>
        resource is null || OtlpAttributes.Text(resource.Attributes, "service.name") is not { } service ? "otlp" : $"otlp:{service.Replace("\0", "", StringComparison.Ordinal)}";
}
