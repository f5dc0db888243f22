namespace Delivery.Statistics;

/// <summary>Fixed-horizon tests. Valid for one look, at the planned end.</summary>
/// <remarks>B. L. Welch 1947, Biometrika 34. Degrees of freedom by Satterthwaite, as in <see cref="Effects"/>. t-tails by <see cref="StudentT"/>.</remarks>
public static class WelchTest
{
    /// <summary>H0: Δ = 0 against Δ ≠ 0.</summary>
    /// <param name="effect">Absolute or relative effect.</param>
    /// <param name="alpha">Level in (0, 1).</param>
    public static TestOutcome TwoSided(Effect effect, double alpha) => On(effect, alpha, e =>
    {
        var half = StudentT.UpperQuantile(alpha / 2, e.DegreesOfFreedom) * e.StandardError;
        return (new Interval(e.Difference - half, e.Difference + half), StudentT.TwoSided(e.Difference / e.StandardError, e.DegreesOfFreedom));
    });

    /// <summary>H0: Δ ≤ 0 against Δ &gt; 0; the interval is unbounded above.</summary>
    public static TestOutcome Greater(Effect effect, double alpha) => On(effect, alpha, e =>
    {
        var width = StudentT.UpperQuantile(alpha, e.DegreesOfFreedom) * e.StandardError;
        return (new Interval(e.Difference - width, null), StudentT.Survival(e.Difference / e.StandardError, e.DegreesOfFreedom));
    });

    /// <summary>
    /// Non-inferiority of a metric that should rise: H0: Δ ≤ −margin against Δ &gt; −margin. The interval is Δ's own; p belongs to the shifted null.
    /// </summary>
    /// <param name="effect">Absolute or relative effect. Negate its difference for a metric that should fall.</param>
    /// <param name="margin">Registered margin, at least 0, in the effect's unit.</param>
    /// <param name="alpha">Level in (0, 1).</param>
    public static TestOutcome NonInferior(Effect effect, double margin, double alpha)
    {
        if (!(margin >= 0) || double.IsInfinity(margin)) return new TestOutcome.NotTested(NoEstimateReason.InvalidDesign);
        return On(effect, alpha, e =>
        {
            var width = StudentT.UpperQuantile(alpha, e.DegreesOfFreedom) * e.StandardError;
            return (new Interval(e.Difference - width, null), StudentT.Survival((e.Difference + margin) / e.StandardError, e.DegreesOfFreedom));
        });
    }

    internal static TestOutcome On(Effect effect, double alpha, Func<Effect.Estimate, (Interval Interval, double P)> test)
    {
        if (alpha is not (> 0 and < 1)) return new TestOutcome.NotTested(NoEstimateReason.InvalidDesign);
        if (effect is not Effect.Estimate estimate) return new TestOutcome.NotTested(((Effect.NoEstimate)effect).Reason);
        var (interval, p) = test(estimate);
        var finite = double.IsFinite(interval.Lower ?? 0) && double.IsFinite(interval.Upper ?? 0) && double.IsFinite(p);
        return finite
            ? new TestOutcome.Tested(estimate.Difference, estimate.StandardError, interval, p)
            : new TestOutcome.NotTested(NoEstimateReason.NotFinite);
    }
}
