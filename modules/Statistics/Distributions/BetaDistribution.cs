namespace Delivery.Statistics;

/// <summary>Both tails of the Beta(a, b) distribution in log space, accurate where the probability itself underflows.</summary>
/// <remarks>
/// Continued fraction NIST DLMF 8.17.22 by Lentz's method, on the side where it converges, the other side by complement.
/// The factor x^a(1−x)^b/B(a,b) is written with deviances (C. Loader, "Fast and Accurate Computation of Binomial
/// Probabilities", 2000), so counts of 1e9 lose no digits.
/// </remarks>
internal static class BetaDistribution
{
    /// <summary>ln P(X ≤ x). <paramref name="y"/> is 1 − x, given apart so that neither side is rounded away.</summary>
    public static double LogLower(double a, double b, double x, double y) =>
        DirectSideIsLower(a, b, x) ? LogFraction(a, b, x, y) : Precision.LogOneMinusExp(LogFraction(b, a, y, x));

    /// <summary>ln P(X &gt; x). <paramref name="y"/> is 1 − x.</summary>
    public static double LogUpper(double a, double b, double x, double y) => LogLower(b, a, y, x);

    /// <summary>a·ln x + b·ln y − ln B(a, b), y = 1 − x, without cancellation.</summary>
    public static double LogKernel(double a, double b, double x, double y)
    {
        var n = a + b;
        var remainders = GammaFunction.StirlingRemainder(n) - GammaFunction.StirlingRemainder(a) - GammaFunction.StirlingRemainder(b);
        return -Deviance(a, n * x) - Deviance(b, n * y) + 0.5 * (Math.Log(a) + Math.Log(b / n)) - GammaFunction.HalfLogTwoPi + remainders;
    }

    private static bool DirectSideIsLower(double a, double b, double x) => x * (a + b + 2) <= a + 1;

    private static double LogFraction(double a, double b, double x, double y)
    {
        if (x <= 0) return double.NegativeInfinity;
        return Math.Min(0, LogKernel(a, b, x, y) - Math.Log(a) + Math.Log(Fraction(a, b, x)));
    }

    private static double Fraction(double a, double b, double x)
    {
        const double tiny = 1e-300;
        var d = 1 / NotZero(1 - (a + b) * x / (a + 1));
        var c = 1.0;
        var value = d;
        var limit = 1000 + 20 * (int)Math.Sqrt(Math.Max(a, b));
        for (var m = 1; m <= limit; m++)
        {
            var even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 / NotZero(1 + even * d);
            c = NotZero(1 + even / c);
            value *= d * c;
            var odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
            d = 1 / NotZero(1 + odd * d);
            c = NotZero(1 + odd / c);
            var step = d * c;
            value *= step;
            if (Math.Abs(step - 1) < 1e-15) break;
        }

        return value;

        static double NotZero(double v) => Math.Abs(v) < tiny ? tiny : v;
    }

    /// <summary>x·ln(x/m) + m − x (Loader's bd0).</summary>
    private static double Deviance(double x, double m)
    {
        if (Math.Abs(x - m) >= 0.1 * (x + m)) return x * Math.Log(x / m) + m - x;
        var v = (x - m) / (x + m);
        var sum = (x - m) * v;
        var term = 2 * x * v;
        v *= v;
        for (var j = 1; j < 1000; j++)
        {
            term *= v;
            var next = sum + term / (2 * j + 1);
            if (next == sum) break;
            sum = next;
        }

        return sum;
    }
}
