namespace Delivery.Statistics;

/// <summary>Two numbers that belong to the two covariates.</summary>
internal readonly record struct Pair(double First, double Second)
{
    public static Pair operator +(Pair a, Pair b) => new(a.First + b.First, a.Second + b.Second);

    public static Pair operator -(Pair a, Pair b) => new(a.First - b.First, a.Second - b.Second);

    public static Pair operator *(double k, Pair a) => new(k * a.First, k * a.Second);

    public double Dot(Pair o) => First * o.First + Second * o.Second;
}

/// <summary>Covariance matrix of the two covariates.</summary>
internal readonly record struct Spread(double First, double Cross, double Second)
{
    public static Spread operator +(Spread a, Spread b) => new(a.First + b.First, a.Cross + b.Cross, a.Second + b.Second);

    public static Spread operator *(double k, Spread a) => new(k * a.First, k * a.Cross, k * a.Second);

    public double Quadratic(Pair o) => First * o.First * o.First + 2 * Cross * o.First * o.Second + Second * o.Second * o.Second;

    /// <summary>Regression coefficients for a covariance vector. A covariate without variance, or a copy of the other, gets 0.</summary>
    public Pair Solve(Pair covariance)
    {
        var determinant = First * Second - Cross * Cross;
        if (determinant > 1e-10 * First * Second)
        {
            return new(
                (covariance.First * Second - covariance.Second * Cross) / determinant,
                (covariance.Second * First - covariance.First * Cross) / determinant);
        }

        if (First > 0) return new(covariance.First / First, 0);
        return Second > 0 ? new(0, covariance.Second / Second) : default;
    }
}

/// <summary>One arm for CUPED: outcome y, covariates x, and their sample (co)variances with n − 1.</summary>
internal sealed record AdjustedArm(long Units, double Y, double VarianceY, Pair X, Pair CovarianceYx, Spread SpreadX);
