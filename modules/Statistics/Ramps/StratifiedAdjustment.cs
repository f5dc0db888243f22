namespace Delivery.Statistics;

/// <summary>Effects that were adjusted within each stratum, put together over a ramp.</summary>
/// <remarks>
/// As <see cref="StratifiedEffect"/>: τ̂ = Σ w_k·Δ_k, Var = Σ w_k²·SE_k², w_k the stratum's share of the units used (Miratrix, Sekhon, Yu 2013,
/// eq. 2); degrees of freedom by Satterthwaite. Strata without data, with too few units or without variance carry no adjusted effect and
/// are left out with their weight.
/// </remarks>
public static class StratifiedAdjustment
{
    /// <summary>The absolute effect over all strata.</summary>
    public static Effect Of(IReadOnlyList<Effect> strata)
    {
        var used = strata.OfType<Effect.Estimate>().ToList();
        foreach (var stratum in strata)
        {
            if (stratum is Effect.NoEstimate { Reason: not (NoEstimateReason.NoData or NoEstimateReason.TooFewUnits or NoEstimateReason.NoVariance) } broken)
                return broken;
        }

        if (used.Count == 0)
            return strata.OfType<Effect.NoEstimate>().OrderByDescending(s => s.Reason).FirstOrDefault() ?? new Effect.NoEstimate(NoEstimateReason.NoData);
        var units = used.Sum(s => (double)s.Units);
        double difference = 0, variance = 0, satterthwaite = 0;
        foreach (var stratum in used)
        {
            var w = stratum.Units / units;
            var part = w * w * stratum.StandardError * stratum.StandardError;
            difference += w * stratum.Difference;
            variance += part;
            satterthwaite += part * part / stratum.DegreesOfFreedom;
        }

        return Effect.Checked(difference, variance, satterthwaite > 0 ? variance * variance / satterthwaite : units - 2 * used.Count, (long)units);
    }
}
