namespace Delivery.Statistics;

/// <summary>Whether something happens less often than it did.</summary>
public static class RateFall
{
    /// <summary>
    /// The exact one-sided p-value of "the rate of the first count is at least <paramref name="ratio"/> times that of the second", for two Poisson
    /// counts over spans of equal length: given their sum n, the first is binomial with n and ratio / (1 + ratio), whatever the rates are.
    /// J. Przyborowski and H. Wilenski 1940, "Homogeneity of results in testing samples from Poisson series".
    /// </summary>
    /// <param name="observed">The first count, at least 0.</param>
    /// <param name="reference">The second count, at least 0.</param>
    /// <param name="ratio">Above 0: one half asks whether it fell below half.</param>
    /// <returns>P(X ≤ observed), in [0, 1]; 1 when <paramref name="reference"/> is 0. Small where the rate is below the ratio.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A negative count, or a ratio that is not above 0.</exception>
    public static double P(long observed, long reference, double ratio)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(observed);
        ArgumentOutOfRangeException.ThrowIfNegative(reference);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ratio);
        // P(Bin(n, π) ≤ k) is P(Beta(k + 1, n − k) > π): NIST DLMF 8.17.5.
        return reference == 0 ? 1 : Math.Exp(BetaDistribution.LogUpper(observed + 1, reference, ratio / (1 + ratio), 1 / (1 + ratio)));
    }
}
