using Delivery.Otlp;

namespace Delivery.Metrics.Intake.OpenTelemetry;

/// <summary>
/// What makes an event's id: a span is known by its own, a measurement by its series and times.
/// </summary>
internal static class OtlpIds
{
    /// <summary>A span is one event of its environment.</summary>
    public static Guid Of(Span span, string environment)
    {
        var id = new OtlpId();
        id.Append("span");
        id.Append(environment);
        id.Append(span.TraceId.Span);
        id.Append(span.SpanId.Span);
        return id.ToGuid();
    }

    /// <summary>The identity of a metric's series: OpenTelemetry lets only one writer send its points.</summary>
    public static UInt128 Series(string environment, Resource? resource, Scope? scope, Metric metric, IEnumerable<KeyValue> attributes)
    {
        var id = new OtlpId();
        id.Append(environment);
        AppendAttributes(id, resource?.Attributes ?? []);
        id.Append(scope?.Name ?? "");
        id.Append(scope?.Version ?? "");
        id.Append(metric.Name);
        id.Append(metric.Unit);
        id.Append((ulong)metric.DataCase);
        AppendAttributes(id, attributes);
        return id.ToHash();
    }

    /// <summary>Who sends a series: what its identity begins with.</summary>
    public static ulong Sender(string environment, Resource? resource)
    {
        var id = new OtlpId();
        id.Append(environment);
        AppendAttributes(id, resource?.Attributes ?? []);
        return (ulong)id.ToHash();
    }

    /// <summary>One measurement of a series' point.</summary>
    public static Guid Of(UInt128 series, ulong startUnixNano, ulong timeUnixNano, int measurement)
    {
        var id = new OtlpId();
        id.Append((ulong)(series >> 64));
        id.Append((ulong)series);
        id.Append(startUnixNano);
        id.Append(timeUnixNano);
        id.Append((ulong)measurement);
        return id.ToGuid();
    }

    /// <summary>The order of attributes says nothing.</summary>
    private static void AppendAttributes(OtlpId id, IEnumerable<KeyValue> attributes)
    {
        foreach (var attribute in attributes.OrderBy(a => a.Key, StringComparer.Ordinal))
        {
            id.Append(attribute.Key);
            id.Append(attribute.Value?.ToString() ?? "");
        }

        id.Append("");
    }
}
