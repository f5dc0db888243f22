namespace Delivery.Statistics;

/// <summary>Tests that stay valid however often one looks, by asymptotic confidence sequences.</summary>
public static class AnytimeTest
{
    /// <summary>H0: Δ = 0 against Δ ≠ 0: arXiv:2103.06476v7, eq. 9 (interval) and 155 (p).</summary>
    /// <param name="effect">Absolute or relative effect.</param>
    /// <param name="alpha">Level in (0, 1), over all looks together.</param>
    /// <param name="plannedUnits">N*, units of both arms at which the interval should be narrowest; greater than 0.</param>
    public static TestOutcome TwoSided(Effect effect, double alpha, double plannedUnits) => On(effect, alpha, plannedUnits, e =>
    {
        var half = AsymptoticConfidenceSequence.HalfWidth(e.StandardError, e.Units, alpha, plannedUnits);
        return (
            new Interval(e.Difference - half, e.Difference + half),
            AsymptoticConfidenceSequence.P(e.Difference, e.StandardError, e.Units, alpha, plannedUnits));
    });

    /// <summary>H0: Δ ≤ 0 against Δ &gt; 0: eq. 134. The interval is unbounded above.</summary>
    public static TestOutcome Greater(Effect effect, double alpha, double plannedUnits) => On(effect, alpha, plannedUnits, e =>
    {
        var width = AsymptoticConfidenceSequence.OneSidedWidth(e.StandardError, e.Units, alpha, plannedUnits);
        return (
            new Interval(e.Difference - width, null),
            AsymptoticConfidenceSequence.PGreater(e.Difference, e.StandardError, e.Units, alpha, plannedUnits));
    });

    private static TestOutcome On(
        Effect effect, double alpha, double plannedUnits, Func<Effect.Estimate, (Interval Interval, double P)> test) =>
        plannedUnits > 0 && double.IsFinite(plannedUnits)
            ? WelchTest.On(effect, alpha, test)
            : new TestOutcome.NotTested(NoEstimateReason.InvalidDesign);
}
