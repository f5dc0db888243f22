using System.IO.Hashing;
using System.Text;
using Delivery.Contracts.Commands;
using Delivery.Metrics.Events;
using Delivery.Segments;

namespace Delivery.Metrics.Intake.OpenTelemetry;

/// <summary>A metric event that came by OTLP, on its way into the log.</summary>
internal sealed record EventRow
{
    private const int LongestName = 100;
    private const int LongestUnit = 500;
    private const int LongestSource = 200;
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);
    private static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public required string Environment { get; init; }
    public required string Name { get; init; }
    public required string Unit { get; init; }
    public required DateTimeOffset Time { get; init; }
    public required string Source { get; init; }
    public long? ValueMicroUnits { get; init; }
    public long? DurationMicroseconds { get; init; }
    public RequestOutcome Outcome { get; init; }
    public ReadOnlyMemory<byte> Flags { get; init; }
    public ReadOnlyMemory<byte> Properties { get; init; }

    /// <summary>What keeps the event out of the log, by the name it has there; null when nothing does.</summary>
    public FieldError? Fault(DateTimeOffset receivedAt) =>
        !Fits(Name, LongestName) ? new FieldError("name", $"1 to {LongestName} bytes without U+0000")
        : !Fits(Unit, LongestUnit) ? new FieldError("unit", $"the unit's key, 1 to {LongestUnit} bytes without U+0000")
        : Time < Earliest || Time > receivedAt.AddDays(1) ? new FieldError("timeUnixNano", "from 2000 on and at most a day ahead, in nanoseconds since 1970")
        : null;

    /// <summary>Writes the columns in the table's order. Ask <see cref="Fault"/> before.</summary>
    public void Write(Guid id, RowBatch row)
    {
        var unit = Strict.GetBytes(Unit);
        row.Begin();
        row.Uuid(id);
        row.Text(Strict.GetBytes(Environment));
        row.Text(Strict.GetBytes(Name));
        row.Text(unit);
        row.Int64(unchecked((long)XxHash3.HashToUInt64(unit)));
        NumberOrNull(row, ValueMicroUnits);
        NumberOrNull(row, DurationMicroseconds);
        row.Int16((short)Outcome);
        row.Time(Time);
        row.TextOrNull(Flags.Span);
        row.TextOrNull(Properties.Span);
        row.TextOrNull(Encoding.UTF8.GetBytes(Source.Length > LongestSource ? Source[..LongestSource] : Source));
        row.End();
    }

    private static void NumberOrNull(RowBatch row, long? number)
    {
        if (number is { } value)
            row.Int64(value);
        else
            row.Null();
    }

    private static bool Fits(string text, int longest)
    {
        if (text.Length == 0 || text.Length > longest || text.Contains('\0', StringComparison.Ordinal))
            return false;
        try
        {
            return Strict.GetByteCount(text) <= longest;
        }
        catch (EncoderFallbackException)
        {
            return false; // Half a surrogate pair, from JSON.
        }
    }
}
