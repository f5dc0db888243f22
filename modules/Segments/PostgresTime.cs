namespace Delivery.Segments;

/// <summary>PostgreSQL's <c>timestamptz</c> in binary: microseconds since 2000-01-01 UTC.</summary>
public static class PostgresTime
{
    private const long EpochTicks = 630_822_816_000_000_000;

    /// <summary>Rounds down to the microsecond.</summary>
    public static long ToMicroseconds(DateTimeOffset time) =>
        (time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerMicrosecond - EpochTicks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>The time of a stored value.</summary>
    public static DateTimeOffset FromMicroseconds(long microseconds) =>
        new(EpochTicks + microseconds * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);
}
