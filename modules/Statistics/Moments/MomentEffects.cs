namespace Delivery.Statistics;

/// <summary>What a metric is, as far as its estimator is concerned.</summary>
public enum MomentMetric
{
    /// <summary>Mean of m per unit (a count or a sum per unit as well).</summary>
    Mean,

    /// <summary>Share of units with a yes: m is 0 or 1.</summary>
    Proportion,

    /// <summary>Σm over Σd.</summary>
    Ratio,
}

/// <summary>Effects from exact moments, plain and with variance reduction.</summary>
public static class MomentEffects
{
    /// <summary>One arm.</summary>
    public static ArmEstimate Arm(Moments moments, MomentMetric metric) => metric switch
    {
        MomentMetric.Mean => MomentEstimates.Mean(moments),
        MomentMetric.Proportion => MomentEstimates.Proportion(moments),
        MomentMetric.Ratio => MomentEstimates.Ratio(moments),
        _ => throw new ArgumentOutOfRangeException(nameof(metric), metric, "Unknown metric."),
    };

    /// <summary>Treatment − baseline, or that as a fraction of the baseline.</summary>
    public static Effect Between(Moments baseline, Moments treatment, MomentMetric metric, bool relative) => relative
        ? Effects.Relative(Arm(baseline, metric), Arm(treatment, metric))
        : Effects.Absolute(Arm(baseline, metric), Arm(treatment, metric));

    /// <summary>
    /// The CUPED effect with both pre-exposure values as covariates. A ratio is linearised, (m − R·d)/d̄ per unit, first (Deng, Knoblich,
    /// Lu 2018, arXiv:1803.06336v4, section 3).
    /// </summary>
    public static Effect Adjusted(Moments baseline, Moments treatment, MomentMetric metric, bool relative)
    {
        if ((MomentEstimates.Refusal(baseline) ?? MomentEstimates.Refusal(treatment)) is { } reason) return new Effect.NoEstimate(reason);
        if (metric == MomentMetric.Ratio && (baseline.DPost == 0 || treatment.DPost == 0))
            return new Effect.NoEstimate(NoEstimateReason.ZeroDenominator);
        return Cuped.Estimate(AdjustedArm(baseline, metric), AdjustedArm(treatment, metric), relative, CupedPooling.WithinArms);
    }

    private static AdjustedArm AdjustedArm(Moments s, MomentMetric metric)
    {
        var n = s.N;
        var x = new Pair(MomentEstimates.MeanOf(s.MPre, n), MomentEstimates.MeanOf(s.DPre, n));
        var spread = new Spread(Cov(s.MPre, s.MPre, s.MPreMPre), Cov(s.MPre, s.DPre, s.MPreDPre), Cov(s.DPre, s.DPre, s.DPreDPre));
        var m = MomentEstimates.MeanOf(s.MPost, n);
        var varianceM = Cov(s.MPost, s.MPost, s.MPostMPost);
        var covarianceM = new Pair(Cov(s.MPost, s.MPre, s.MPostMPre), Cov(s.MPost, s.DPre, s.MPostDPre));
        if (metric != MomentMetric.Ratio) return new AdjustedArm((long)n, m, varianceM, x, covarianceM, spread);

        var d = MomentEstimates.MeanOf(s.DPost, n);
        var ratio = m / d;
        var covarianceD = new Pair(Cov(s.DPost, s.MPre, s.DPostMPre), Cov(s.DPost, s.DPre, s.DPostDPre));
        var variance = varianceM - 2 * ratio * Cov(s.MPost, s.DPost, s.MPostDPost) + ratio * ratio * Cov(s.DPost, s.DPost, s.DPostDPost);
        return new AdjustedArm((long)n, ratio, Math.Max(0, variance) / (d * d), x, 1 / d * (covarianceM - ratio * covarianceD), spread);

        double Cov(Int128 sumX, Int128 sumY, Int128 sumXy) => MomentEstimates.Covariance(n, sumX, sumY, sumXy);
    }
}
