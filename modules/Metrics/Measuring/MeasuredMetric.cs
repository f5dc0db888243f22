using Delivery.Contracts.Metrics;
using Delivery.Statistics;

namespace Delivery.Metrics.Measuring;

/// <summary>A metric in the terms of the fold: which sources feed it, for how long after exposure, and how a unit's sums become its value.</summary>
/// <param name="Key">The caller's name for it.</param>
/// <param name="Kind">The kind.</param>
/// <param name="Measure">The numerator's source.</param>
/// <param name="Per">The denominator's source; -1 without one.</param>
/// <param name="WindowTicks">How long after its exposure a unit's events count.</param>
/// <param name="CapMicroUnits">The largest value of a unit that counts.</param>
/// <param name="Quantile">Of a quantile, which.</param>
internal sealed record MeasuredMetric(string Key, MetricKind Kind, int Measure, int Per, long WindowTicks, long? CapMicroUnits, double Quantile)
{
    /// <summary>
    /// ±1e9: the square is 1e30, and 1.7e8 units of it still fit an Int128. A unit beyond it is counted as the bound, and told.
    /// </summary>
    public const long Bound = 1_000_000_000L * FixedPoint.Scale;

    /// <summary>How long before its exposure a unit's events serve as covariate.</summary>
    public static readonly long HistoryTicks = TimeSpan.FromDays(14).Ticks;

    /// <summary>A unit's value from its sums; the same whatever the order of its events.</summary>
    public UnitValues Value(in UnitSums sums) => new(Shape(sums.MPost), Clamp(sums.DPost), Shape(sums.MPre), Clamp(sums.DPre));

    /// <summary>Whether a sum lies beyond what is counted exactly.</summary>
    public static bool Saturates(in UnitSums sums) => Beyond(sums.MPost) || Beyond(sums.DPost) || Beyond(sums.MPre) || Beyond(sums.DPre);

    private long Shape(Int128 sum)
    {
        var value = Clamp(sum);
        return Kind == MetricKind.Conversion ? Math.Min(value, FixedPoint.Scale) : CapMicroUnits is { } cap ? Math.Min(value, cap) : value;
    }

    private static bool Beyond(Int128 sum) => sum > Bound || sum < -Bound;

    private static long Clamp(Int128 sum) => (long)(sum > Bound ? Bound : sum < -Bound ? -Bound : sum);
}

/// <summary>A unit's sums for one metric, before any cap.</summary>
internal struct UnitSums
{
    public Int128 MPost;
    public Int128 DPost;
    public Int128 MPre;
    public Int128 DPre;
}
