namespace Delivery.Statistics;

/// <summary>A guardrail on a quantile of a latency-like value: more is worse.</summary>
/// <param name="Probability">Which quantile: 0.5, 0.95, 0.99; in (0, 1).</param>
/// <param name="Margin">The registered margin: absolute in the value's unit (not micro-units), or a share of the stable quantile.</param>
/// <param name="Alpha">Chance, over all looks together, of a wrong "worse"; the same for a wrong "not worse". In (0, 0.5).</param>
/// <param name="PlannedObservations">Observations of one arm at which the answer should come; tunes the width, not the validity.</param>
/// <param name="DesignEffect">
/// At least 1. Observations of one unit (user, host) resemble each other; dividing the counts by the variance inflation this causes
/// widens the bands accordingly. 1 treats each observation as independent. Exact at 1, an approximation above.
/// </param>
public sealed record QuantileGuardrailDesign(
    double Probability, Margin Margin, double Alpha = 0.05, double PlannedObservations = 10_000, double DesignEffect = 1)
{
    internal bool IsValid =>
        Probability is > 0 and < 1 && Alpha is > 0 and < 0.5
        && PlannedObservations is > 0 and < 1e15 && DesignEffect is >= 1 and < 1e9
        && Margin.Tolerated >= 0 && double.IsFinite(Margin.Tolerated);
}

/// <summary>A quantile with a time-uniform interval.</summary>
public abstract record QuantileReading
{
    private QuantileReading()
    {
    }

    /// <summary>A usable reading, in the value's unit.</summary>
    /// <param name="Value">Middle of the bucket that holds the sample quantile; within 1 % of it.</param>
    /// <param name="Interval">Holds the true quantile at all looks at once with probability 1 − α, bin error included. An open side: not yet known.</param>
    public sealed record Estimate(double Value, Interval Interval) : QuantileReading;

    /// <summary>Nothing usable.</summary>
    /// <param name="Reason">Why.</param>
    public sealed record NoEstimate(NoEstimateReason Reason) : QuantileReading;
}
