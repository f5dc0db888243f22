namespace Delivery.Statistics;

/// <summary>
/// Confidence intervals that hold at every look at once, for any effect with an asymptotically normal estimate.
/// </summary>
/// <remarks>
/// I. Waudby-Smith, D. Arbour, R. Sinha, E. Kennedy, A. Ramdas, "Time-uniform central limit theory and asymptotic confidence
/// sequences", arXiv:2103.06476v7. The guarantee is asymptotic: use it after a burn-in (100 units an arm and, for a
/// proportion, 30 events an arm). n is the number of units of both arms.
/// </remarks>
public static class AsymptoticConfidenceSequence
{
    /// <summary>Fewest units an arm needs before the sequence may be used.</summary>
    public const int BurnInUnits = 100;

    /// <summary>Fewest events (the rarer of successes and failures) an arm of a proportion needs.</summary>
    public const int BurnInEvents = 30;

    /// <summary>ρ² that makes the interval narrowest at n = N*: ρ² = (−2·ln α + ln(1 − 2·ln α)) / N* (eq. 161).</summary>
    /// <param name="alpha">Level in (0, 1).</param>
    /// <param name="plannedUnits">N*, units of both arms at which the decision is expected; greater than 0.</param>
    public static double MixtureVariance(double alpha, double plannedUnits) =>
        (-2 * Math.Log(alpha) + Math.Log(1 - 2 * Math.Log(alpha))) / plannedUnits;

    /// <summary>Two-sided half-width: SE·√[2(nρ²+1)/(nρ²)·ln(√(nρ²+1)/α)] (eq. 9).</summary>
    public static double HalfWidth(double standardError, double units, double alpha, double plannedUnits)
    {
        var v = units * MixtureVariance(alpha, plannedUnits);
        return standardError * Math.Sqrt(2 * (v + 1) / v * Math.Log(Math.Sqrt(v + 1) / alpha));
    }

    /// <summary>One-sided width: SE·√[2(nρ²+1)/(nρ²)·ln(1 + √(nρ²+1)/(2α))] (eq. 134), ρ² tuned for 2α.</summary>
    public static double OneSidedWidth(double standardError, double units, double alpha, double plannedUnits)
    {
        var v = units * MixtureVariance(Math.Min(0.5, 2 * alpha), plannedUnits);
        return standardError * Math.Sqrt(2 * (v + 1) / v * Math.Log(1 + Math.Sqrt(v + 1) / (2 * alpha)));
    }

    /// <summary>
    /// Two-sided always-valid p: min(1, √(nρ²+1)·exp(−ρ²S²/(2(nρ²+1)))), S² = n·(Δ/SE)² (eq. 155). It is below α exactly when 0 is
    /// outside the interval.
    /// </summary>
    public static double P(double difference, double standardError, double units, double alpha, double plannedUnits)
    {
        var v = units * MixtureVariance(alpha, plannedUnits);
        var z = difference / standardError;
        return Math.Min(1, Math.Exp(0.5 * Math.Log(v + 1) - v / (2 * (v + 1)) * z * z));
    }

    /// <summary>One-sided always-valid p for "Δ &gt; 0": the level at which the lower bound of eq. 134 (ρ² held at the design's α) is 0.</summary>
    public static double PGreater(double difference, double standardError, double units, double alpha, double plannedUnits)
    {
        if (difference <= 0) return 1;
        var v = units * MixtureVariance(Math.Min(0.5, 2 * alpha), plannedUnits);
        var z = difference / standardError;
        return Math.Min(1, Math.Sqrt(v + 1) / 2 / Precision.ExpMinusOne(v / (2 * (v + 1)) * z * z));
    }
}
