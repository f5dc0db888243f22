using MathNet.Numerics;

namespace Delivery.Statistics;

/// <summary>The upper tail of the χ² distribution.</summary>
public static class ChiSquare
{
    /// <summary>P(X &gt; x) for ν degrees of freedom: Q(ν/2, x/2), NIST DLMF 8.2.4.</summary>
    /// <param name="x">At least 0.</param>
    /// <param name="degreesOfFreedom">At least 1.</param>
    public static double Survival(double x, int degreesOfFreedom)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(degreesOfFreedom, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(x);
        return x == 0 ? 1 : SpecialFunctions.GammaUpperRegularized(degreesOfFreedom / 2.0, x / 2);
    }
}
