using Delivery.Segments;

namespace Delivery.Metrics.Events;

/// <summary>Whether a request failed, as the log keeps it.</summary>
internal enum RequestOutcome : short
{
    NotSaid = 0,
    Succeeded = 1,
    Failed = 2,
}

/// <summary>The event log's rows. The order of the columns is part of the canonical encoding: add at the end.</summary>
internal static class EventTable
{
    public const string Schema = "metrics";
    public const string Name = "events";

    public static SegmentTable<MetricEvent> Table { get; } = new()
    {
        Schema = Schema,
        Name = Name,
        Columns =
        [
            new("id", "uuid NOT NULL"),
            new("environment", "text NOT NULL"),
            new("name", "text NOT NULL"),
            new("unit", "text NOT NULL"),
            new("unit_hash", "bigint NOT NULL"),
            new("value_micro_units", "bigint"),
            new("duration_microseconds", "bigint"),
            new("outcome", "smallint NOT NULL"),
            new("time", "timestamptz NOT NULL"),
            new("flags", "text"),
            new("properties", "text"),
            new("source", "text"),
        ],
        Read = Read,
    };

    private static MetricEvent Read(long position, DateTimeOffset receivedAt, ref RowReader columns)
    {
        var id = columns.Uuid();
        var environment = columns.Text();
        var name = columns.Text();
        var unit = columns.Text();
        var unitHash = unchecked((ulong)columns.Int64());
        var value = columns.NullableInt64();
        var duration = columns.NullableInt64();
        var outcome = (RequestOutcome)columns.Int16();
        var time = columns.Time();
        var flags = columns.TryUtf8(out var evaluated) ? EvaluatedFlags.Read(evaluated) : null;
        return new MetricEvent(
            position, id, environment, name, unit, unitHash, value, duration,
            outcome == RequestOutcome.NotSaid ? null : outcome == RequestOutcome.Failed,
            time, receivedAt, flags, columns.NullableText());
    }
}
