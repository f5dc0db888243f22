namespace Delivery.Statistics;

/// <summary>Elementary functions that keep their relative accuracy near the point where the textbook form cancels.</summary>
internal static class Precision
{
    /// <summary>ln(1 + x). The framework's <c>double.LogP1</c> is <c>Log(1 + x)</c>, which loses every digit of a small x.</summary>
    /// <remarks>Kahan's correction: W. Kahan, HP-15C Advanced Functions Handbook, 1982.</remarks>
    public static double LogOnePlus(double x)
    {
        var u = 1 + x;
        if (u == 1) return x;
        return double.IsPositiveInfinity(u) ? u : Math.Log(u) * (x / (u - 1));
    }

    /// <summary>exp(x) − 1, accurate for small x (Kahan's correction).</summary>
    public static double ExpMinusOne(double x)
    {
        var u = Math.Exp(x);
        if (u == 1) return x;
        if (double.IsPositiveInfinity(u)) return u;
        var v = u - 1;
        return v == -1 ? -1 : v * (x / Math.Log(u));
    }

    /// <summary>ln(1 − exp(x)) for x ≤ 0.</summary>
    /// <remarks>M. Mächler, "Accurately computing log(1 − exp(−|a|))", R package Rmpfr, 2012, eq. 7.</remarks>
    public static double LogOneMinusExp(double x) => x switch
    {
        >= 0 => double.NegativeInfinity,
        > -0.6931471805599453 => Math.Log(-ExpMinusOne(x)),
        _ => LogOnePlus(-Math.Exp(x)),
    };
}
