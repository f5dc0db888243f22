using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Delivery.Otlp;

namespace Delivery.Metrics.Intake.OpenTelemetry;

/// <summary>
/// OTLP numbers no batches and names no points, so an event's id is made from what was sent: sent again, alone or in another
/// batch, it is the same event.
/// </summary>
internal static class OtlpIds
{
    /// <summary>A span is one event of its environment.</summary>
    public static Guid Of(Span span, string environment)
    {
        var hash = new XxHash128();
        AppendText(hash, "span");
        AppendText(hash, environment);
        AppendPart(hash, span.TraceId.Span);
        AppendPart(hash, span.SpanId.Span);
        return Version8(hash.GetCurrentHashAsUInt128());
    }

    /// <summary>The identity of a metric's series: OpenTelemetry lets only one writer send its points.</summary>
    public static UInt128 Series(string environment, Resource? resource, Scope? scope, Metric metric, IEnumerable<KeyValue> attributes)
    {
        var hash = new XxHash128();
        AppendText(hash, environment);
        AppendAttributes(hash, resource?.Attributes ?? []);
        AppendText(hash, scope?.Name ?? "");
        AppendText(hash, scope?.Version ?? "");
        AppendText(hash, metric.Name);
        AppendText(hash, metric.Unit);
        AppendNumber(hash, (ulong)metric.DataCase);
        AppendAttributes(hash, attributes);
        return hash.GetCurrentHashAsUInt128();
    }

    /// <summary>One measurement of a series' point.</summary>
    public static Guid Of(UInt128 series, ulong startUnixNano, ulong timeUnixNano, int measurement)
    {
        var hash = new XxHash128();
        AppendNumber(hash, (ulong)(series >> 64));
        AppendNumber(hash, (ulong)series);
        AppendNumber(hash, startUnixNano);
        AppendNumber(hash, timeUnixNano);
        AppendNumber(hash, (ulong)measurement);
        return Version8(hash.GetCurrentHashAsUInt128());
    }

    /// <summary>The order of attributes says nothing.</summary>
    private static void AppendAttributes(XxHash128 hash, IEnumerable<KeyValue> attributes)
    {
        foreach (var attribute in attributes.OrderBy(a => a.Key, StringComparer.Ordinal))
        {
            AppendText(hash, attribute.Key);
            AppendText(hash, attribute.Value?.ToString() ?? "");
        }

        AppendText(hash, "");
    }

    private static void AppendText(XxHash128 hash, string text) => AppendPart(hash, Encoding.UTF8.GetBytes(text));

    /// <summary>With its length, so that no two lists of parts read the same.</summary>
    private static void AppendPart(XxHash128 hash, ReadOnlySpan<byte> part)
    {
        AppendNumber(hash, (ulong)part.Length);
        hash.Append(part);
    }

    private static void AppendNumber(XxHash128 hash, ulong number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, number);
        hash.Append(bytes);
    }

    /// <summary>Version 8 of RFC 9562: made by a rule of one's own.</summary>
    private static Guid Version8(UInt128 hash)
    {
        Span<byte> id = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(id, hash);
        id[6] = (byte)(id[6] & 0x0f | 0x80);
        id[8] = (byte)(id[8] & 0x3f | 0x80);
        return new Guid(id, bigEndian: true);
    }
}
