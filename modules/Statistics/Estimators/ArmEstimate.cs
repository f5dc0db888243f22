namespace Delivery.Statistics;

/// <summary>Why there is no estimate.</summary>
public enum NoEstimateReason
{
    /// <summary>No unit, no event, or no observation yet.</summary>
    NoData,

    /// <summary>Fewer units than the method needs: 2 for a variance, 100 an arm and 30 events for asymptotic sequences.</summary>
    TooFewUnits,

    /// <summary>All units have the same value, so nothing is known about the spread.</summary>
    NoVariance,

    /// <summary>A ratio's denominator sums to zero.</summary>
    ZeroDenominator,

    /// <summary>A relative effect whose baseline can't be told from zero.</summary>
    BaselineNotAwayFromZero,

    /// <summary>A sum is NaN, infinite or too large for the computation.</summary>
    NotFinite,

    /// <summary>The sums contradict one another: a negative variance, more successes than units, or arms of different length.</summary>
    InconsistentSums,

    /// <summary>A design parameter is out of range (α, margin, planned size).</summary>
    InvalidDesign,
}

/// <summary>One arm's estimate: a mean, a proportion, or a ratio linearised by the delta method.</summary>
public abstract record ArmEstimate
{
    /// <summary>Beyond this many units a count is no longer exact as a double.</summary>
    private const long MostUnits = 1_000_000_000_000_000;

    private ArmEstimate()
    {
    }

    /// <summary>A usable estimate. All values are finite.</summary>
    /// <param name="Units">n, the number of randomised units.</param>
    /// <param name="Mean">The estimate, in the metric's unit.</param>
    /// <param name="VariancePerUnit">Variance of one unit's (linearised) value; the variance of <paramref name="Mean"/> is this over n.</param>
    /// <param name="Events">For a proportion, the rarer of successes and failures; null for other metrics.</param>
    public sealed record Measured(long Units, double Mean, double VariancePerUnit, long? Events = null) : ArmEstimate
    {
        /// <summary>Variance of the mean: VariancePerUnit / Units.</summary>
        public double VarianceOfMean => VariancePerUnit / Units;
    }

    /// <summary>Nothing usable.</summary>
    /// <param name="Reason">Why.</param>
    public sealed record Unmeasured(NoEstimateReason Reason) : ArmEstimate;

    /// <summary>Checks what every estimate must satisfy before it may leave this library.</summary>
    internal static ArmEstimate Checked(long units, double mean, double variancePerUnit, long? events = null)
    {
        if (units <= 0) return new Unmeasured(units < 0 ? NoEstimateReason.InconsistentSums : NoEstimateReason.NoData);
        if (units > MostUnits) return new Unmeasured(NoEstimateReason.NotFinite);
        if (units < 2) return new Unmeasured(NoEstimateReason.TooFewUnits);
        if (!double.IsFinite(mean) || !double.IsFinite(variancePerUnit)) return new Unmeasured(NoEstimateReason.NotFinite);
        return variancePerUnit < 0
            ? new Unmeasured(NoEstimateReason.InconsistentSums)
            : new Measured(units, mean, variancePerUnit, events);
    }
}
