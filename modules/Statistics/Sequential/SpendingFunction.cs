namespace Delivery.Statistics;

/// <summary>How much of α a group sequential test may have spent at an information fraction t.</summary>
public enum SpendingFunction
{
    /// <summary>α(t) = 2 − 2Φ(z_{α/2}/√t): little early, almost all at the end. K. Lan, D. DeMets, Biometrika 70, 1983.</summary>
    OBrienFleming,

    /// <summary>α(t) = α·ln(1 + (e − 1)t): about equal at every look. Same paper.</summary>
    Pocock,
}

/// <summary>Values of the spending functions.</summary>
public static class Spending
{
    /// <summary>α spent up to information fraction t.</summary>
    /// <param name="function">Which function.</param>
    /// <param name="alpha">One-sided level to spend in total; in (0, 1).</param>
    /// <param name="fraction">t at least 0; 1 or more spends everything.</param>
    public static double At(SpendingFunction function, double alpha, double fraction)
    {
        if (fraction <= 0) return 0;
        if (fraction >= 1) return alpha;
        return function switch
        {
            SpendingFunction.OBrienFleming => 2 * Normal.Survival(Normal.UpperQuantile(alpha / 2) / Math.Sqrt(fraction)),
            SpendingFunction.Pocock => alpha * Precision.LogOnePlus((Math.E - 1) * fraction),
            _ => throw new ArgumentOutOfRangeException(nameof(function), function, "Unknown spending function."),
        };
    }
}
