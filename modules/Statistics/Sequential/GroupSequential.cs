namespace Delivery.Statistics;

/// <summary>Boundaries and crossing probabilities of group sequential tests.</summary>
/// <remarks>
/// Z_1, Z_2, … is jointly normal with Cov(Z_j, Z_k) = √(I_j/I_k), j ≤ k: any estimate that accumulates independent units. Jennison and
/// Turnbull 2000, chapters 3, 7 and 19.
/// </remarks>
public static class GroupSequential
{
    /// <summary>Stands for "no stopping here": a Z that nothing reaches.</summary>
    public const double Unreachable = 38;

    /// <summary>Upper boundaries for a spending function.</summary>
    /// <param name="fractions">Information fractions of the looks, rising, above 0. Above 1 is allowed (an overrun); nothing is left to spend there.</param>
    /// <param name="alpha">One-sided level, spent over all looks; in (0, 0.5).</param>
    /// <param name="function">Spending function.</param>
    /// <param name="finalLook">True when the last look is the end of the test: it spends what is left, whatever its fraction.</param>
    public static IReadOnlyList<double> Boundaries(
        IReadOnlyList<double> fractions, double alpha, SpendingFunction function, bool finalLook = false)
    {
        Require(fractions, alpha);
        var boundaries = new double[fractions.Count];
        var density = StageDensity.Start(0);
        var spent = 0.0;
        for (var k = 0; k < boundaries.Length; k++)
        {
            var last = finalLook && k == boundaries.Length - 1;
            var allowed = last ? alpha : Spending.At(function, alpha, fractions[k]);
            boundaries[k] = Boundary(density, fractions[k], allowed - spent);
            spent = Math.Max(spent, allowed);
            if (k + 1 < boundaries.Length)
                density = density.Next(double.NegativeInfinity, boundaries[k], fractions[k], fractions[k + 1] - fractions[k]);
        }

        return boundaries;
    }

    /// <summary>Pocock's constant for K equal looks of a two-sided test: stop when |Z_k| ≥ C (S. Pocock, Biometrika 64, 1977).</summary>
    public static double PocockConstant(int looks, double alphaTwoSided) => Constant(looks, alphaTwoSided, (_, c) => c);

    /// <summary>O'Brien and Fleming's constant for K equal looks: stop when |Z_k| ≥ C·√(K/k) (Biometrics 35, 1979).</summary>
    public static double OBrienFlemingConstant(int looks, double alphaTwoSided) =>
        Constant(looks, alphaTwoSided, (k, c) => c * Math.Sqrt((double)looks / k));

    /// <summary>P(Z_k ≥ boundary_k for some k).</summary>
    /// <param name="fractions">Information fractions.</param>
    /// <param name="boundaries">Upper boundaries.</param>
    /// <param name="drift">E[Z] at fraction 1: δ/SE_planned. 0 gives the level, the alternative's drift gives the power.</param>
    public static double CrossingProbability(IReadOnlyList<double> fractions, IReadOnlyList<double> boundaries, double drift) =>
        Crossing(fractions, boundaries, drift, twoSided: false);

    private static double Crossing(IReadOnlyList<double> fractions, IReadOnlyList<double> boundaries, double drift, bool twoSided)
    {
        var density = StageDensity.Start(drift);
        var total = 0.0;
        for (var k = 0; k < fractions.Count; k++)
        {
            var lower = twoSided ? -boundaries[k] : double.NegativeInfinity;
            total += density.Above(boundaries[k], fractions[k]) + (twoSided ? density.Below(lower, fractions[k]) : 0);
            if (k + 1 < fractions.Count)
                density = density.Next(lower, boundaries[k], fractions[k], fractions[k + 1] - fractions[k]);
        }

        return total;
    }

    private static double Constant(int looks, double alphaTwoSided, Func<int, double, double> boundary)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(looks, 1);
        if (alphaTwoSided is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(alphaTwoSided));
        double[] fractions = [.. Enumerable.Range(1, looks).Select(k => (double)k / looks)];
        double low = 0.1, high = 10;
        for (var step = 0; step < 60 && high - low > 1e-12; step++)
        {
            var c = (low + high) / 2;
            double[] boundaries = [.. Enumerable.Range(1, looks).Select(k => boundary(k, c))];
            if (Crossing(fractions, boundaries, 0, twoSided: true) > alphaTwoSided) low = c;
            else high = c;
        }

        return (low + high) / 2;
    }

    private static double Boundary(StageDensity density, double information, double allowance)
    {
        if (!(allowance > 1e-300)) return Unreachable;
        double low = -10, high = Unreachable;
        if (density.Above(high, information) >= allowance) return Unreachable;
        for (var step = 0; step < 80 && high - low > 1e-13; step++)
        {
            var middle = (low + high) / 2;
            if (density.Above(middle, information) > allowance) low = middle;
            else high = middle;
        }

        return high;
    }

    private static void Require(IReadOnlyList<double> fractions, double alpha)
    {
        if (alpha is not (> 0 and < 0.5)) throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "A one-sided level in (0, 0.5) is needed.");
        for (var k = 0; k < fractions.Count; k++)
        {
            var before = k == 0 ? 0 : fractions[k - 1];
            if (!(fractions[k] > before) || !double.IsFinite(fractions[k]))
                throw new ArgumentOutOfRangeException(nameof(fractions), fractions[k], "Information fractions rise from above 0.");
        }
    }
}
