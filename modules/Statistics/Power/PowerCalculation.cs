namespace Delivery.Statistics;

/// <summary>Power, sample size, smallest detectable effect and duration.</summary>
/// <remarks>
/// SE(N)² = σ²(1 − ρ²)/(N·r·(1 − r)), N units of both arms, r the treatment's share. Everything follows from the drift E[Z] = δ/SE that gives
/// the wanted power: fixed horizon Φ(drift − z_{α/2}); group sequential by recursive integration (Jennison and Turnbull 2000, chapter 7);
/// always valid P(Z ≥ half-width/SE) at N = N*, a lower bound since the sequence may cross earlier. Normal approximation; crossing on the
/// wrong side is not counted as power.
/// </remarks>
public static class PowerCalculation
{
    /// <summary>Power against a true effect δ with N units.</summary>
    /// <param name="design">A valid design.</param>
    /// <param name="effect">δ, absolute, not 0.</param>
    /// <param name="units">N, both arms together.</param>
    public static double Power(PowerDesign design, double effect, double units)
    {
        Require(design);
        return PowerAt(design, Math.Abs(effect) / StandardError(design, units));
    }

    /// <summary>N that reaches the wanted power.</summary>
    /// <param name="design">A valid design.</param>
    /// <param name="effect">δ, absolute, not 0.</param>
    /// <param name="power">In (0, 1), above half the level.</param>
    public static double Units(PowerDesign design, double effect, double power)
    {
        Require(design);
        if (effect == 0 || !double.IsFinite(effect)) throw new ArgumentOutOfRangeException(nameof(effect), effect, "An effect other than 0 is needed.");
        var ratio = Drift(design, power) * StandardError(design, 1) / effect;
        return Math.Ceiling(ratio * ratio);
    }

    /// <summary>The smallest effect found with the wanted power, absolute.</summary>
    public static double MinimumDetectableEffect(PowerDesign design, double units, double power)
    {
        Require(design);
        return Drift(design, power) * StandardError(design, units);
    }

    /// <summary>Days until N units have entered and their windows have closed.</summary>
    /// <param name="units">N.</param>
    /// <param name="unitsPerDay">New units a day, both arms; greater than 0.</param>
    /// <param name="windowDays">Length of the metric's window after exposure, in days.</param>
    public static double Days(double units, double unitsPerDay, double windowDays)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(unitsPerDay);
        return units / unitsPerDay + windowDays;
    }

    /// <summary>E[Z] at the planned end that gives the wanted power.</summary>
    public static double Drift(PowerDesign design, double power)
    {
        Require(design);
        if (power is not (> 0 and < 1) || power <= design.AlphaTwoSided / 2)
            throw new ArgumentOutOfRangeException(nameof(power), power, "Power lies between the level and 1.");
        if (design.Plan is not LookPlan.GroupSequential plan) return Threshold(design) - Normal.Quantile(1 - power);
        var (fractions, boundaries) = Boundaries(plan, design.AlphaTwoSided);
        return Root(drift => GroupSequential.CrossingProbability(fractions, boundaries, drift) - power, 0, Threshold(design) + 12);
    }

    /// <summary>Zero of a rising function, by false position with the Illinois rule: a dozen evaluations instead of forty.</summary>
    private static double Root(Func<double, double> function, double low, double high)
    {
        var (atLow, atHigh) = (function(low), function(high));
        var x = high;
        for (var step = 0; step < 60 && high - low > 1e-10; step++)
        {
            x = high - atHigh * (high - low) / (atHigh - atLow);
            var value = function(x);
            if (Math.Abs(value) < 1e-12) return x;
            if (value < 0)
            {
                (low, atLow) = (x, value);
                atHigh /= 2;
            }
            else
            {
                (high, atHigh) = (x, value);
                atLow /= 2;
            }
        }

        return x;
    }

    private static double PowerAt(PowerDesign design, double drift)
    {
        if (design.Plan is not LookPlan.GroupSequential plan) return Normal.Cumulative(drift - Threshold(design));
        var (fractions, boundaries) = Boundaries(plan, design.AlphaTwoSided);
        return GroupSequential.CrossingProbability(fractions, boundaries, drift);
    }

    /// <summary>Z that must be exceeded at the planned end.</summary>
    private static double Threshold(PowerDesign design) => design.Plan is LookPlan.AlwaysValid
        ? AsymptoticConfidenceSequence.HalfWidth(1, 1, design.AlphaTwoSided, 1)
        : Normal.UpperQuantile(design.AlphaTwoSided / 2);

    private static (double[] Fractions, IReadOnlyList<double> Boundaries) Boundaries(LookPlan.GroupSequential plan, double alphaTwoSided)
    {
        double[] fractions = [.. Enumerable.Range(1, plan.Looks).Select(k => (double)k / plan.Looks)];
        return (fractions, GroupSequential.Boundaries(fractions, alphaTwoSided / 2, plan.Spending));
    }

    private static double StandardError(PowerDesign design, double units) => design.StandardDeviation * Math.Sqrt(
        (1 - design.PreCorrelation * design.PreCorrelation) / (units * design.TreatmentShare * (1 - design.TreatmentShare)));

    private static void Require(PowerDesign design)
    {
        if (design.InvalidField is { } field) throw new ArgumentOutOfRangeException(nameof(design), field, "This part of the design is out of range.");
    }
}
