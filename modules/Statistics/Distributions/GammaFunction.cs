namespace Delivery.Statistics;

/// <summary>ln Γ and its Stirling remainder, to about 1e-15, for positive arguments.</summary>
/// <remarks>
/// NIST DLMF 5.11.1 (Stirling's series) above 10, the recurrence Γ(x + 1) = xΓ(x) (DLMF 5.5.1) below. The remainder is
/// exposed because ratios of large gamma functions must cancel their main parts on paper, not in floating point.
/// </remarks>
internal static class GammaFunction
{
    internal const double HalfLogTwoPi = 0.918938533204672741780329736406;

    /// <summary>ln Γ(x), x &gt; 0.</summary>
    public static double Log(double x) => (x - 0.5) * Math.Log(x) - x + HalfLogTwoPi + StirlingRemainder(x);

    /// <summary>ln Γ(x) − [(x − ½)·ln x − x + ½·ln 2π], x &gt; 0.</summary>
    public static double StirlingRemainder(double x)
    {
        var shifted = 0.0;
        for (; x < 10; x++) shifted += (x + 0.5) * Precision.LogOnePlus(1 / x) - 1;
        var r = 1 / x;
        var s = r * r;
        var series = r * (1.0 / 12 - s * (1.0 / 360 - s * (1.0 / 1260 - s * (1.0 / 1680
            - s * (1.0 / 1188 - s * (691.0 / 360360 - s / 156))))));
        return shifted + series;
    }
}
