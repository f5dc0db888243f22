namespace Delivery.Statistics;

/// <summary>Over which units θ is estimated.</summary>
public enum CupedPooling
{
    /// <summary>Covariances within the arms, pooled: what the platform uses. The effect itself does not leak into θ.</summary>
    WithinArms,

    /// <summary>All units as one sample, arms ignored: what the golden files use.</summary>
    AllUnits,
}

/// <summary>Variance reduction with pre-exposure values.</summary>
/// <remarks>
/// <para>
/// CUPED: Y − θ(X − EX), θ = cov(Y, X)/var(X). A. Deng, Y. Xu, R. Kohavi, T. Walker, "Improving the Sensitivity of Online Controlled
/// Experiments by Utilizing Pre-Experiment Data", WSDM 2013, eq. 4-6. Δ = (ȳ_T − ȳ_C) − θ(x̄_T − x̄_C); the variance per unit is
/// s_y² − 2θ·s_yx + θ²·s_x². With two covariates θ is the pair of regression coefficients.
/// </para>
/// <para>
/// Relative effect: Δ/ȳ_C by the delta method in (ȳ_T, x̄_T, ȳ_C, x̄_C): gradient 1/ȳ_C, −θ/ȳ_C, −ȳ_T/ȳ_C², θ/ȳ_C; θ is treated as known.
/// </para>
/// <para>
/// A unit without history has covariate 0; give the indicator "has history" as the second covariate (<see cref="Moments.DPre"/> of a
/// mean metric), so that new units do not blur θ. Assumption: X is measured before exposure.
/// </para>
/// </remarks>
public static class Cuped
{
    /// <summary>The adjusted effect from sums with one covariate.</summary>
    public static Effect Estimate(CupedSums baseline, CupedSums treatment, bool relative, CupedPooling pooling)
    {
        if ((Refusal(baseline) ?? Refusal(treatment)) is { } reason) return new Effect.NoEstimate(reason);
        return Estimate(Arm(baseline), Arm(treatment), relative, pooling);
    }

    internal static Effect Estimate(AdjustedArm c, AdjustedArm t, bool relative, CupedPooling pooling)
    {
        var theta = Theta(c, t, pooling);
        var difference = t.Y - c.Y - theta.Dot(t.X - c.X);
        var varianceC = Residual(c, theta);
        var varianceT = Residual(t, theta);
        if (ArmEstimate.Checked(c.Units, c.Y, varianceC) is not ArmEstimate.Measured armC
            || ArmEstimate.Checked(t.Units, t.Y, varianceT) is not ArmEstimate.Measured armT)
            return new Effect.NoEstimate(NoEstimateReason.NotFinite);
        var df = Effects.WelchDegreesOfFreedom(armC, armT);
        if (!relative) return Effect.Checked(difference, armC.VarianceOfMean + armT.VarianceOfMean, df, c.Units + t.Units);

        if (!Effects.AwayFromZero(new ArmEstimate.Measured(c.Units, c.Y, c.VarianceY)))
            return new Effect.NoEstimate(NoEstimateReason.BaselineNotAwayFromZero);
        var ratio = t.Y / c.Y;
        var baseline = c.VarianceY * ratio * ratio - 2 * ratio * theta.Dot(c.CovarianceYx) + c.SpreadX.Quadratic(theta);
        var variance = (baseline / c.Units + armT.VarianceOfMean) / (c.Y * c.Y);
        return Effect.Checked(difference / c.Y, Math.Max(0, variance), df, c.Units + t.Units);
    }

    private static double Residual(AdjustedArm arm, Pair theta) =>
        Math.Max(0, arm.VarianceY - 2 * theta.Dot(arm.CovarianceYx) + arm.SpreadX.Quadratic(theta));

    private static Pair Theta(AdjustedArm c, AdjustedArm t, CupedPooling pooling)
    {
        var covariance = (c.Units - 1.0) * c.CovarianceYx + (t.Units - 1.0) * t.CovarianceYx;
        var spread = (c.Units - 1.0) * c.SpreadX + (t.Units - 1.0) * t.SpreadX;
        if (pooling == CupedPooling.AllUnits)
        {
            // Total = within + between.
            var weight = (double)c.Units * t.Units / (c.Units + t.Units);
            var dx = t.X - c.X;
            covariance += weight * (t.Y - c.Y) * dx;
            spread += weight * new Spread(dx.First * dx.First, dx.First * dx.Second, dx.Second * dx.Second);
        }

        return spread.Solve(covariance);
    }

    private static AdjustedArm Arm(CupedSums s)
    {
        var n = s.Y.N;
        return new AdjustedArm(
            n, s.Y.Sum / n, Arms.CentralSum(n, s.Y.Sum, s.Y.Sum, s.Y.SumSquares) / (n - 1),
            new Pair(s.X.Sum / n, 0),
            new Pair(Arms.CentralSum(n, s.Y.Sum, s.X.Sum, s.Yx) / (n - 1), 0),
            new Spread(Math.Max(0, Arms.CentralSum(n, s.X.Sum, s.X.Sum, s.X.SumSquares) / (n - 1)), 0, 0));
    }

    private static NoEstimateReason? Refusal(CupedSums sums)
    {
        if (sums.Y.N != sums.X.N) return NoEstimateReason.InconsistentSums;
        return Arms.Refusal(sums.Y) ?? Arms.Refusal(sums.X) ?? (double.IsFinite(sums.Yx) ? null : NoEstimateReason.NotFinite);
    }
}
