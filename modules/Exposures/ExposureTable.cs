using Delivery.Contracts.Exposures;
using Delivery.Segments;

namespace Delivery.Exposures;

/// <summary>How the time of an exposure relates to the time it came in. It is said, not judged: the row is kept either way.</summary>
internal enum Timing : short
{
    OnTime = 0,

    /// <summary>It happened long before it came in: the sender was offline, or its clock is behind.</summary>
    Late = 1,

    /// <summary>It is said to happen later than it came in: the sender's clock is ahead.</summary>
    Future = 2,
}

/// <summary>The ledger's rows. The order of the columns is part of the canonical encoding: add at the end, with a new format number.</summary>
internal static class ExposureTable
{
    public const string Schema = "exposures";
    public const string Name = "exposures";
    public const string Rows = $"{Schema}.{Name}";

    /// <summary>What was met and why, which rows share: each combination of values once.</summary>
    public const string Shared = $"{Schema}.{Name}_shared";

    /// <summary>The seals' table: a segment's positions, and how many of its rows share what.</summary>
    public const string Segments = $"{Schema}.{Name}_segments";

    /// <summary>What questions are asked of: the rows with what they share.</summary>
    public const string Recorded = $"{Schema}.recorded_{Name}";

    public static SegmentTable<RecordedExposure> Table { get; } = new()
    {
        Schema = Schema,
        Name = Name,
        Columns =
        [
            new("id", "uuid NOT NULL"),
            new("environment", "text NOT NULL", SharedAs: "shared"),
            new("flag", "text NOT NULL", SharedAs: "shared"),
            new("variant", "text NOT NULL", SharedAs: "shared"),
            new("unit", "text NOT NULL"),
            new("unit_kind", "text", SharedAs: "shared"),
            new("unit_hash", "bigint NOT NULL"),
            new("reason", "text NOT NULL", SharedAs: "shared"),
            new("rule_id", "text", SharedAs: "shared"),
            new("flag_version", "bigint NOT NULL", SharedAs: "shared"),
            new("sequence", "bigint NOT NULL", SharedAs: "origin"),
            new("attributes", "text"),
            new("time", "timestamptz NOT NULL"),
            new("timing", "smallint NOT NULL", SharedAs: "shared"),
            new("source", "text", SharedAs: "origin"),
        ],
        Rising = ["time"],
        Sought = ["unit_hash int8_bloom_ops(n_distinct_per_range = 900, false_positive_rate = 0.01)"],
        Indexes = ["USING btree (unit_hash)"],
        Read = Read,
    };

    private static RecordedExposure Read(long position, DateTimeOffset receivedAt, ref RowReader columns)
    {
        var id = columns.Uuid();
        var environment = columns.SharedText();
        var flag = columns.SharedText();
        var variant = columns.SharedText();
        var unit = columns.Text();
        columns.Skip();
        var unitHash = unchecked((ulong)columns.Int64());
        var reason = columns.SharedText();
        var ruleId = columns.NullableSharedText();
        var flagVersion = columns.Int64();
        var sequence = columns.Int64();
        columns.Skip();
        return new RecordedExposure(
            position, id, environment, flag, variant, unit, unitHash, reason, ruleId, flagVersion, sequence, columns.Time(), receivedAt);
    }
}
