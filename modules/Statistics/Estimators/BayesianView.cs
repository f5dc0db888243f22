namespace Delivery.Statistics;

/// <summary>A Bayesian reading of a relative effect. A view for people, never a way round the registered rule.</summary>
public abstract record BayesianReading
{
    private BayesianReading()
    {
    }

    /// <summary>The posterior, as fractions of the baseline.</summary>
    /// <param name="Mean">Posterior mean of the relative effect.</param>
    /// <param name="Interval">Central credible interval at level 1 − α.</param>
    /// <param name="ChanceToWin">P(effect &gt; 0).</param>
    /// <param name="RiskOfBaseline">Expected loss when the baseline is kept: E[max(effect, 0)].</param>
    /// <param name="RiskOfTreatment">Expected loss when the treatment is shipped: E[max(−effect, 0)].</param>
    public sealed record Posterior(double Mean, Interval Interval, double ChanceToWin, double RiskOfBaseline, double RiskOfTreatment) : BayesianReading;

    /// <summary>No posterior.</summary>
    /// <param name="Reason">Why.</param>
    public sealed record NoPosterior(NoEstimateReason Reason) : BayesianReading;
}

/// <summary>Normal-normal model on the relative effect.</summary>
/// <remarks>
/// Prior N(0, 0.3²). Posterior precision = 1/0.09 + 1/SE²; mean = Δ/SE² divided by it (Gelman et al., Bayesian Data Analysis, 3rd ed.,
/// eq. 2.10). Expected loss of a normal: σ·φ(μ/σ) + μ·Φ(μ/σ). Assumes that the estimate is about normal.
/// </remarks>
public static class BayesianView
{
    /// <summary>Standard deviation of the prior on the relative effect.</summary>
    public const double PriorStandardDeviation = 0.3;

    /// <summary>The posterior of a relative effect.</summary>
    /// <param name="relativeEffect">From <see cref="Effects.Relative"/> or a relative CUPED effect.</param>
    /// <param name="alpha">The credible interval's level is 1 − α; in (0, 1).</param>
    public static BayesianReading Of(Effect relativeEffect, double alpha)
    {
        if (alpha is not (> 0 and < 1)) return new BayesianReading.NoPosterior(NoEstimateReason.InvalidDesign);
        if (relativeEffect is not Effect.Estimate e) return new BayesianReading.NoPosterior(((Effect.NoEstimate)relativeEffect).Reason);
        const double priorVariance = PriorStandardDeviation * PriorStandardDeviation;
        var variance = e.StandardError * e.StandardError;
        var shrink = priorVariance / (priorVariance + variance);
        var mean = shrink * e.Difference;
        var sd = Math.Sqrt(shrink) * e.StandardError;
        var half = Normal.UpperQuantile(alpha / 2) * sd;
        var z = mean / sd;
        var (keep, ship) = (sd * PositivePart(z), sd * PositivePart(-z));
        return double.IsFinite(mean) && double.IsFinite(half) && double.IsFinite(z) && double.IsFinite(keep) && double.IsFinite(ship)
            ? new BayesianReading.Posterior(mean, new Interval(mean - half, mean + half), Normal.Cumulative(z), keep, ship)
            : new BayesianReading.NoPosterior(NoEstimateReason.NotFinite);
    }

    /// <summary>E[max(Z + z, 0)] = φ(z) + z·Φ(z), without cancellation in the lower tail.</summary>
    private static double PositivePart(double z)
    {
        if (z > -3) return Normal.Density(z) + z * Normal.Cumulative(z);
        // φ(z)·(1 − x·M(x)), x = −z, M Mills' ratio = 1/(x + g): what remains is g/(x + g).
        var x = -z;
        var g = 0.0;
        for (var k = 120; k >= 1; k--) g = k / (x + g);
        return Normal.Density(z) * g / (x + g);
    }
}
