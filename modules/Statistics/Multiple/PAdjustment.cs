namespace Delivery.Statistics;

/// <summary>Adjusts p-values for the number of questions asked.</summary>
public static class PAdjustment
{
    /// <summary>Holm's step-down procedure: bounds the chance of any false rejection, whatever the dependence.</summary>
    /// <remarks>S. Holm, Scand. J. Statist. 6, 1979: adjusted p_(i) = max_{j ≤ i} min(1, (m − j + 1)·p_(j)).</remarks>
    /// <param name="p">p-values in [0, 1].</param>
    /// <returns>Adjusted values in the order given.</returns>
    public static IReadOnlyList<double> Holm(IReadOnlyList<double> p)
    {
        var order = Order(p);
        var adjusted = new double[p.Count];
        var highest = 0.0;
        for (var i = 0; i < order.Length; i++)
        {
            highest = Math.Max(highest, Math.Min(1, (p.Count - i) * p[order[i]]));
            adjusted[order[i]] = highest;
        }

        return adjusted;
    }

    /// <summary>Benjamini and Hochberg's procedure: bounds the expected share of false discoveries under independence or positive dependence.</summary>
    /// <remarks>Y. Benjamini, Y. Hochberg, JRSS B 57, 1995: adjusted p_(i) = min_{j ≥ i} min(1, m/j·p_(j)).</remarks>
    /// <param name="p">p-values in [0, 1].</param>
    /// <returns>Adjusted values in the order given.</returns>
    public static IReadOnlyList<double> BenjaminiHochberg(IReadOnlyList<double> p)
    {
        var order = Order(p);
        var adjusted = new double[p.Count];
        var lowest = 1.0;
        for (var i = order.Length - 1; i >= 0; i--)
        {
            lowest = Math.Min(lowest, p.Count / (i + 1.0) * p[order[i]]);
            adjusted[order[i]] = lowest;
        }

        return adjusted;
    }

    private static int[] Order(IReadOnlyList<double> p)
    {
        foreach (var value in p)
        {
            if (value is not (>= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(p), value, "p-values lie in [0, 1].");
        }

        return [.. Enumerable.Range(0, p.Count).OrderBy(i => p[i])];
    }
}
