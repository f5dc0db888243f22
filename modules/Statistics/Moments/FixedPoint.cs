namespace Delivery.Statistics;

/// <summary>Why a number has no fixed-point form.</summary>
public enum FixedPointRefusal
{
    /// <summary>Not a number.</summary>
    NotANumber,

    /// <summary>Plus or minus infinity.</summary>
    Infinite,

    /// <summary>Beyond ±9,223,372,036,854.775807, the range of Int64 micro-units.</summary>
    Overflow,
}

/// <summary>A number as Int64 micro-units (1e-6 of the metric's unit): sums of these are exact in any order.</summary>
public abstract record FixedPoint
{
    /// <summary>Micro-units in one unit.</summary>
    public const long Scale = 1_000_000;

    private FixedPoint()
    {
    }

    /// <summary>A value.</summary>
    /// <param name="MicroUnits">Value × 1e6, rounded half to even.</param>
    public sealed record Value(long MicroUnits) : FixedPoint;

    /// <summary>No fixed-point form.</summary>
    /// <param name="Reason">Why.</param>
    public sealed record Refused(FixedPointRefusal Reason) : FixedPoint;

    /// <summary>Converts a number, rounding half to even at 1e-6.</summary>
    public static FixedPoint From(double value) =>
        TryConvert(value, out var microUnits) is { } refusal ? new Refused(refusal) : new Value(microUnits);

    /// <summary>As <see cref="From"/>, without an allocation: null when converted.</summary>
    public static FixedPointRefusal? TryConvert(double value, out long microUnits)
    {
        microUnits = 0;
        if (double.IsNaN(value)) return FixedPointRefusal.NotANumber;
        if (double.IsInfinity(value)) return FixedPointRefusal.Infinite;
        var scaled = Math.Round(value * Scale, MidpointRounding.ToEven);

        // 2^63 is exact as a double; everything strictly inside converts without saturation.
        if (scaled is >= 9223372036854775808.0 or < -9223372036854775808.0) return FixedPointRefusal.Overflow;
        microUnits = (long)scaled;
        return null;
    }

    /// <summary>Micro-units as a number in the metric's unit.</summary>
    public static double ToUnits(long microUnits) => microUnits / (double)Scale;
}
