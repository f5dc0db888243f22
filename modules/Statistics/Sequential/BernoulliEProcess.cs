namespace Delivery.Statistics;

/// <summary>
/// One-sided test martingale on a stream of yes/no observations: evidence that P(yes) is above a null value.
/// </summary>
/// <remarks>
/// Beta mixture truncated to (p0, 1): E⁺ = B(a+K, b+M) / (B(a, b)·p0^K·(1−p0)^M) · P(Beta(a+K, b+M) &gt; p0) / P(Beta(a, b) &gt; p0),
/// a = k·p0, b = k·(1−p0). M. Lindon, A. Malek 2022, arXiv:2011.03567 for the Bayes factor; S. Howard, A. Ramdas 2022,
/// arXiv:1906.09712v5, Theorem 1 (beta-binomial) for its use on quantiles. For every p in the mixture and every true
/// probability at most p0 the likelihood ratio has mean at most 1, so Ville's inequality holds for all times at once.
/// </remarks>
internal readonly struct BernoulliEProcess
{
    private readonly double p0;
    private readonly double q0;
    private readonly double a;
    private readonly double b;
    private readonly double priorTerms;

    /// <param name="nullYes">p0 in (0, 1).</param>
    /// <param name="nullNo">1 − p0, given apart so that it keeps its digits.</param>
    /// <param name="concentration">k, the prior's weight in observations.</param>
    public BernoulliEProcess(double nullYes, double nullNo, double concentration)
    {
        p0 = nullYes;
        q0 = nullNo;
        a = concentration * nullYes;
        b = concentration * nullNo;
        priorTerms = BetaDistribution.LogKernel(a, b, p0, q0) - BetaDistribution.LogUpper(a, b, p0, q0);
    }

    /// <summary>ln E⁺ after <paramref name="yes"/> and <paramref name="no"/> observations (real numbers: they may be effective counts).</summary>
    public double LogEvidence(double yes, double no)
    {
        // ln E is the difference of two kernels: the terms in ln p0 cancel on paper, so large counts lose no digits.
        var posterior = BetaDistribution.LogUpper(a + yes, b + no, p0, q0) - BetaDistribution.LogKernel(a + yes, b + no, p0, q0);
        return priorTerms + posterior;
    }
}
