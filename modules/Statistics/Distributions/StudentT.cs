namespace Delivery.Statistics;

/// <summary>Student's t distribution, accurate in the tails, for any positive degrees of freedom.</summary>
/// <remarks>
/// <para>
/// MathNet 5.0.0's StudentT.InvCDF throws at df 1, p .9999 and is wrong by a factor of 20 at df 10, p 1e-12; it is not used.
/// </para>
/// <para>
/// The incomplete beta function in log space, P(|T| &gt; t) = I_x(ν/2, ½), x = ν/(ν + t²), for fewer than 200 degrees of freedom and in
/// far tails. Otherwise the faster normal deviate of t as a series in 1/(48(ν − ½)²) (G. W. Hill, Algorithm 395, CACM 13, 1970, the
/// Cornish-Fisher type expansion), whose first neglected term is below 1e-15 there. The quantile inverts the same two by Newton's method.
/// </para>
/// </remarks>
public static class StudentT
{
    private const double SeriesFrom = 200;

    /// <summary>P(T &gt; t).</summary>
    public static double Survival(double t, double degreesOfFreedom) => t >= 0
        ? Math.Exp(LogSurvival(t, degreesOfFreedom))
        : 1 - Math.Exp(LogSurvival(-t, degreesOfFreedom));

    /// <summary>P(|T| &gt; |t|), the two-sided p-value.</summary>
    public static double TwoSided(double t, double degreesOfFreedom) => 2 * Survival(Math.Abs(t), degreesOfFreedom);

    /// <summary>ln P(T &gt; t).</summary>
    /// <param name="t">Any finite number.</param>
    /// <param name="degreesOfFreedom">ν &gt; 0.</param>
    public static double LogSurvival(double t, double degreesOfFreedom)
    {
        Require(degreesOfFreedom);
        if (t < 0) return Precision.LogOneMinusExp(LogSurvival(-t, degreesOfFreedom));
        if (degreesOfFreedom >= SeriesFrom && Root(t, degreesOfFreedom) is var w && SeriesHolds(w, degreesOfFreedom))
            return Normal.LogSurvival(NormalDeviate(w, degreesOfFreedom));

        // x and 1 − x from t²/ν, so that neither is rounded away and t² can't overflow.
        var r = t / Math.Sqrt(degreesOfFreedom);
        var x = r > 1e150 ? 0 : 1 / (1 + r * r);
        var y = r > 1e150 ? 1 : r * r / (1 + r * r);
        if (x == 0) return LogFarTail(t, degreesOfFreedom);
        return BetaDistribution.LogLower(degreesOfFreedom / 2, 0.5, x, y) - Math.Log(2);
    }

    /// <summary>The t with P(T &gt; t) = p.</summary>
    /// <param name="p">In (0, 1).</param>
    /// <param name="degreesOfFreedom">ν &gt; 0.</param>
    public static double UpperQuantile(double p, double degreesOfFreedom)
    {
        Require(degreesOfFreedom);
        if (p is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(p), p, "A probability in (0, 1) is needed.");
        if (p == 0.5) return 0;
        if (p > 0.5) return -UpperQuantile(1 - p, degreesOfFreedom);
        return degreesOfFreedom >= SeriesFrom && SeriesHolds(Normal.UpperQuantile(p), degreesOfFreedom)
            ? BySeries(p, degreesOfFreedom)
            : ByBeta(p, degreesOfFreedom);
    }

    /// <summary>The t with P(T ≤ t) = p. Pass the smaller tail.</summary>
    public static double Quantile(double p, double degreesOfFreedom) => -UpperQuantile(p, degreesOfFreedom);

    private static bool SeriesHolds(double w, double v) => w * w <= v / 10;

    private static double BySeries(double p, double v)
    {
        var z = Normal.UpperQuantile(p);
        var w = z;
        for (var step = 0; step < 8; step++)
        {
            var error = NormalDeviate(w, v) - z;
            w -= error;
            if (Math.Abs(error) <= 1e-16 * z) break;
        }

        return Math.Sqrt(v * Precision.ExpMinusOne(w * w / (v - 0.5)));
    }

    private static double ByBeta(double p, double v)
    {
        // Newton on ln P as a function of u = ln t: nearly linear in the tail for every ν. A bracket guards the steps.
        var target = Math.Log(p);
        double low = -400, high = 400 / Math.Min(1, v) + 800;
        var u = Math.Log(Math.Max(1e-8, Normal.UpperQuantile(p)));
        for (var step = 0; step < 200; step++)
        {
            var t = Math.Exp(u);
            var value = LogSurvival(t, v);
            var error = value - target;
            if (error > 0) low = u;
            else high = u;
            var slope = -Math.Exp(LogDensity(t, v) - value) * t;
            var next = u - error / slope;
            if (!(next > low && next < high)) next = low + (high - low) / 2;
            if (Math.Abs(next - u) < 1e-15 * Math.Max(1, Math.Abs(u))) return Math.Exp(next);
            u = next;
        }

        return Math.Exp(u);
    }

    private static double LogDensity(double t, double v) =>
        GammaFunction.Log((v + 1) / 2) - GammaFunction.Log(v / 2) - 0.5 * Math.Log(v * Math.PI) - (v + 1) / 2 * LogOnePlusSquare(t / Math.Sqrt(v));

    private static double LogOnePlusSquare(double r) => r > 1e150 ? 2 * Math.Log(r) : Precision.LogOnePlus(r * r);

    /// <summary>Leading term of the tail where t² overflows: P ≈ f(t)·t/ν.</summary>
    private static double LogFarTail(double t, double v) => LogDensity(t, v) + Math.Log(t) - Math.Log(v);

    /// <summary>w = √((ν − ½)·ln(1 + t²/ν)).</summary>
    private static double Root(double t, double v) => Math.Sqrt((v - 0.5) * LogOnePlusSquare(t / Math.Sqrt(v)));

    /// <summary>Hill's series: z = w + (w³+3w)/b − (4w⁷+33w⁵+240w³+855w)/(10b²) + …, b = 48(ν − ½)².</summary>
    private static double NormalDeviate(double w, double v)
    {
        var b = 48 * (v - 0.5) * (v - 0.5);
        var s = w * w;
        var second = ((4 * s + 33) * s + 240) * s + 855;
        var third = ((((64 * s + 788) * s + 9801) * s + 89775) * s + 543375) * s + 1788885;
        return w * (1 + (s + 3) / b - second / (10 * b * b) + third / (210 * b * b * b));
    }

    private static void Require(double degreesOfFreedom)
    {
        if (!(degreesOfFreedom > 0) || double.IsInfinity(degreesOfFreedom))
            throw new ArgumentOutOfRangeException(nameof(degreesOfFreedom), degreesOfFreedom, "Degrees of freedom are positive and finite.");
    }
}
