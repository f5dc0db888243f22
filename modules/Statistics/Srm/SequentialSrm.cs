namespace Delivery.Statistics;

/// <summary>How a split looks after every user so far.</summary>
public enum SrmLevel
{
    /// <summary>No sign of a mismatch.</summary>
    Passed,

    /// <summary>p below .01: tell the owner.</summary>
    Warned,

    /// <summary>p below .001: the experiment's results are not to be trusted; no decision.</summary>
    Blocked,
}

/// <summary>What the sequential test of a split says.</summary>
public abstract record SrmOutcome
{
    private SrmOutcome()
    {
    }

    /// <summary>A result.</summary>
    /// <param name="LogBayesFactor">ln of the evidence now, all epochs together.</param>
    /// <param name="P">Always-valid p: 1/exp(largest log Bayes factor so far), at most 1.</param>
    /// <param name="Level">What to do.</param>
    public sealed record Tested(double LogBayesFactor, double P, SrmLevel Level) : SrmOutcome;

    /// <summary>No result.</summary>
    /// <param name="Reason">Why.</param>
    public sealed record NotTested(SplitRefusal Reason) : SrmOutcome;
}

/// <summary>Sample ratio mismatch, tested after every user if one likes.</summary>
/// <remarks>
/// M. Lindon, A. Malek, "Anytime-Valid Inference for Multinomial Count Data", NeurIPS 2022, arXiv:2011.03567, eq. 5: Dirichlet(a) prior
/// centred on the intended shares, a_i = k·p_i: log BF = lnΓ(Σa) − lnΓ(Σa+N) + Σ[lnΓ(a_i+n_i) − lnΓ(a_i)] − Σ n_i·ln p_i. A
/// martingale under the intended split, so P(ever BF ≥ 1/α) ≤ α; p is the minimum of 1/BF over time. When weights change, each
/// allocation epoch has its own process, and the product of all is again one. Assumption: units are assigned independently.
/// </remarks>
public static class SequentialSrm
{
    /// <summary>Concentration of the prior, in users: looks for mismatches of about 1 %.</summary>
    public const double Concentration = 10_000;

    /// <summary>p below which the owner is warned.</summary>
    public const double WarnBelow = 0.01;

    /// <summary>p below which decisions are blocked.</summary>
    public const double BlockBelow = 0.001;

    /// <summary>The log Bayes factor of one epoch; null when the split can't be tested.</summary>
    /// <param name="counts">Units per arm and weights of the epoch.</param>
    /// <param name="concentration">k &gt; 0.</param>
    public static double? LogBayesFactor(SplitCounts counts, double concentration = Concentration)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(concentration);
        if (counts.Refusal is not null) return null;
        double total = counts.Total;
        var log = -Rising(concentration, total);
        for (var arm = 0; arm < counts.Users.Count; arm++)
        {
            var share = counts.Share(arm);
            log += Rising(concentration * share, counts.Users[arm]) - counts.Users[arm] * Math.Log(share);
        }

        return log;
    }

    /// <summary>The outcome over all epochs. <paramref name="previousP"/> carries the minimum over time.</summary>
    /// <param name="epochs">One entry per allocation epoch, each with its own weights.</param>
    /// <param name="previousP">The p of the look before; 1 at the first.</param>
    /// <param name="concentration">k &gt; 0.</param>
    public static SrmOutcome Test(IReadOnlyList<SplitCounts> epochs, double previousP = 1, double concentration = Concentration)
    {
        var log = 0.0;
        foreach (var epoch in epochs)
        {
            if (LogBayesFactor(epoch, concentration) is not { } factor) return new SrmOutcome.NotTested(epoch.Refusal!.Value);
            log += factor;
        }

        var p = Math.Min(Math.Clamp(previousP, 0, 1), Math.Min(1, Math.Exp(-log)));
        return new SrmOutcome.Tested(log, p, p < BlockBelow ? SrmLevel.Blocked : p < WarnBelow ? SrmLevel.Warned : SrmLevel.Passed);
    }

    /// <summary>lnΓ(a + n) − lnΓ(a).</summary>
    private static double Rising(double a, double n) => GammaFunction.Log(a + n) - GammaFunction.Log(a);
}
