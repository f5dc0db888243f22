using System.IO.Hashing;
using Delivery.Segments;

namespace Delivery.Exposures.Intake;

/// <summary>One exposure as the server makes it from what is no JSON of ours, in UTF-8. Empty is null where a column may be.</summary>
internal readonly ref struct ExposureRow
{
    public const int LongestKey = 200;
    public const int LongestUnit = 500;
    public const int LongestReason = 50;

    public required Guid Id { get; init; }
    public required ReadOnlySpan<byte> Environment { get; init; }
    public required ReadOnlySpan<byte> Flag { get; init; }
    public required ReadOnlySpan<byte> Variant { get; init; }
    public required ReadOnlySpan<byte> Unit { get; init; }
    public ReadOnlySpan<byte> UnitKind { get; init; }
    public required ReadOnlySpan<byte> Reason { get; init; }
    public ReadOnlySpan<byte> RuleId { get; init; }
    public required long FlagVersion { get; init; }
    public required long Sequence { get; init; }
    public ReadOnlySpan<byte> Attributes { get; init; }
    public required DateTimeOffset Time { get; init; }
    public required Timing Timing { get; init; }
    public ReadOnlySpan<byte> Source { get; init; }

    /// <summary>Writes the columns in the table's order.</summary>
    public void Write(RowBatch rows)
    {
        rows.Begin();
        rows.Uuid(Id);
        rows.Text(Environment);
        rows.Text(Flag);
        rows.Text(Variant);
        rows.Text(Unit);
        rows.TextOrNull(UnitKind);
        rows.Int64(unchecked((long)XxHash3.HashToUInt64(Unit)));
        rows.Text(Reason);
        rows.TextOrNull(RuleId);
        rows.Int64(FlagVersion);
        rows.Int64(Sequence);
        rows.TextOrNull(Attributes);
        rows.Time(Time);
        rows.Int16((short)Timing);
        rows.TextOrNull(Source);
        rows.End();
    }
}
