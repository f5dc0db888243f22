using MathNet.Numerics;

namespace Delivery.Statistics;

/// <summary>The standard normal distribution, accurate in both tails.</summary>
/// <remarks>1 − CDF is never formed: every upper tail is computed as such.</remarks>
public static class Normal
{
    private const double HalfLogTwoPi = GammaFunction.HalfLogTwoPi;

    /// <summary>Density φ(z).</summary>
    public static double Density(double z) => Math.Exp(-0.5 * z * z - HalfLogTwoPi);

    /// <summary>P(Z ≤ z).</summary>
    public static double Cumulative(double z) => Survival(-z);

    /// <summary>P(Z &gt; z) = erfc(z/√2)/2.</summary>
    public static double Survival(double z) => 0.5 * SpecialFunctions.Erfc(z / Math.Sqrt(2));

    /// <summary>ln P(Z &gt; z), finite far beyond the point where the probability underflows.</summary>
    /// <remarks>Beyond 12, Mills' ratio by its continued fraction: NIST DLMF 7.9.3.</remarks>
    public static double LogSurvival(double z)
    {
        if (z < -5) return Precision.LogOnePlus(-Survival(-z));
        if (z < 12) return Math.Log(Survival(z));
        var fraction = z;
        for (var k = 40; k >= 1; k--) fraction = z + k / fraction;
        return -0.5 * z * z - HalfLogTwoPi - Math.Log(fraction);
    }

    /// <summary>The z with P(Z ≤ z) = p, for p in (0, 1). Pass the smaller tail and negate: 1 − p has already lost its digits.</summary>
    /// <remarks>M. J. Wichura, Algorithm AS 241 (PPND16), Applied Statistics 37, 1988: about 1e-16 relative.</remarks>
    public static double Quantile(double p)
    {
        if (p is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(p), p, "A probability in (0, 1) is needed.");
        var q = p - 0.5;
        if (Math.Abs(q) <= 0.425)
        {
            var r = 0.180625 - q * q;
            return q * Ratio(r, CentralNumerator, CentralDenominator);
        }

        var tail = Math.Sqrt(-Math.Log(q < 0 ? p : 1 - p));
        var z = tail <= 5
            ? Ratio(tail - 1.6, MiddleNumerator, MiddleDenominator)
            : Ratio(tail - 5, FarNumerator, FarDenominator);
        return q < 0 ? -z : z;
    }

    /// <summary>The z with P(Z &gt; z) = p.</summary>
    public static double UpperQuantile(double p) => -Quantile(p);

    private static double Ratio(double r, ReadOnlySpan<double> numerator, ReadOnlySpan<double> denominator) =>
        Horner(r, numerator) / Horner(r, denominator);

    private static double Horner(double r, ReadOnlySpan<double> coefficients)
    {
        var value = coefficients[^1];
        for (var i = coefficients.Length - 2; i >= 0; i--) value = value * r + coefficients[i];
        return value;
    }

    private static ReadOnlySpan<double> CentralNumerator =>
    [
        3.3871328727963666080, 1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
        4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3,
    ];

    private static ReadOnlySpan<double> CentralDenominator =>
    [
        1.0, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
        2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4, 5.2264952788528545610e+3,
    ];

    private static ReadOnlySpan<double> MiddleNumerator =>
    [
        1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
        1.27045825245236838258, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4,
    ];

    private static ReadOnlySpan<double> MiddleDenominator =>
    [
        1.0, 2.05319162663775882187, 1.67638483018380384940, 6.89767334985100004550e-1,
        1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
    ];

    private static ReadOnlySpan<double> FarNumerator =>
    [
        6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 2.96560571828504891230e-1,
        2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
    ];

    private static ReadOnlySpan<double> FarDenominator =>
    [
        1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
        7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
    ];
}
