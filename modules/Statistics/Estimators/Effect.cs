namespace Delivery.Statistics;

/// <summary>The difference between a treatment arm and its baseline.</summary>
public abstract record Effect
{
    private Effect()
    {
    }

    /// <summary>A usable effect. All values are finite and the standard error is positive.</summary>
    /// <param name="Difference">Δ = treatment − baseline, in the metric's unit, or as a fraction of the baseline when relative.</param>
    /// <param name="StandardError">Standard error of Δ, same unit.</param>
    /// <param name="DegreesOfFreedom">Welch-Satterthwaite degrees of freedom of the underlying difference of means.</param>
    /// <param name="Units">Units of both arms together.</param>
    public sealed record Estimate(double Difference, double StandardError, double DegreesOfFreedom, long Units) : Effect;

    /// <summary>Nothing usable.</summary>
    /// <param name="Reason">Why.</param>
    public sealed record NoEstimate(NoEstimateReason Reason) : Effect;

    internal static Effect Checked(double difference, double variance, double degreesOfFreedom, long units)
    {
        var standardError = Math.Sqrt(variance);
        if (standardError == 0) return new NoEstimate(NoEstimateReason.NoVariance);
        return double.IsFinite(difference) && double.IsFinite(standardError) && double.IsFinite(degreesOfFreedom) && degreesOfFreedom > 0
            ? new Estimate(difference, standardError, degreesOfFreedom, units)
            : new NoEstimate(NoEstimateReason.NotFinite);
    }
}
