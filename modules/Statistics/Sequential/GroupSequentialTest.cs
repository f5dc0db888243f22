namespace Delivery.Statistics;

/// <summary>A group sequential test of a success metric, fixed before the start.</summary>
/// <param name="AlphaTwoSided">Level; half of it is spent on each side. In (0, 1).</param>
/// <param name="PlannedStandardError">Standard error of Δ expected at the planned end; greater than 0. t = min(1, SE²_planned/SE²_now).</param>
/// <param name="Spending">Spending function.</param>
public sealed record GroupSequentialDesign(
    double AlphaTwoSided, double PlannedStandardError, SpendingFunction Spending = SpendingFunction.OBrienFleming);

/// <summary>What a group sequential test says after its looks.</summary>
public abstract record GroupSequentialVerdict
{
    private GroupSequentialVerdict()
    {
    }

    /// <summary>The boundary was reached at this look or an earlier one: the test is over.</summary>
    /// <param name="Look">Number of the look that stopped it, from 1.</param>
    /// <param name="Z">Δ/SE there.</param>
    /// <param name="Boundary">The boundary there.</param>
    /// <param name="Better">True when Δ is positive.</param>
    public sealed record Stopped(int Look, double Z, double Boundary, bool Better) : GroupSequentialVerdict;

    /// <summary>Not yet. The repeated interval holds at all looks together.</summary>
    /// <param name="Fraction">Information fraction of the last look.</param>
    /// <param name="Z">Δ/SE at the last look.</param>
    /// <param name="Boundary">The boundary at the last look.</param>
    /// <param name="RepeatedInterval">Δ ± boundary·SE (Jennison and Turnbull 2000, chapter 9).</param>
    public sealed record GoOn(double Fraction, double Z, double Boundary, Interval RepeatedInterval) : GroupSequentialVerdict;

    /// <summary>The planned end was reached and no boundary was.</summary>
    /// <param name="Z">Δ/SE at the end.</param>
    /// <param name="Boundary">The last boundary.</param>
    /// <param name="RepeatedInterval">Δ ± boundary·SE.</param>
    public sealed record Inconclusive(double Z, double Boundary, Interval RepeatedInterval) : GroupSequentialVerdict;

    /// <summary>Nothing can be said.</summary>
    /// <param name="Reason">Why.</param>
    public sealed record NoVerdict(NoEstimateReason Reason) : GroupSequentialVerdict;
}

/// <summary>Judges a series of looks, one a day as a rule.</summary>
public static class GroupSequentialTest
{
    /// <summary>Smallest step of information between looks that is worth spending on.</summary>
    private const double SmallestStep = 1e-6;

    /// <summary>The verdict after all looks so far.</summary>
    /// <param name="looks">The effect at each look, in time order. A look without more information than the one before is passed over.</param>
    /// <param name="design">Fixed at the start.</param>
    /// <param name="finalLook">True at the planned end: the last look spends what is left of α.</param>
    public static GroupSequentialVerdict Judge(IReadOnlyList<Effect> looks, GroupSequentialDesign design, bool finalLook)
    {
        if (design.AlphaTwoSided is not (> 0 and < 1) || !(design.PlannedStandardError > 0) || !double.IsFinite(design.PlannedStandardError))
            return new GroupSequentialVerdict.NoVerdict(NoEstimateReason.InvalidDesign);
        if (looks.Count == 0) return new GroupSequentialVerdict.NoVerdict(NoEstimateReason.NoData);
        if (looks[^1] is Effect.NoEstimate none) return new GroupSequentialVerdict.NoVerdict(none.Reason);

        var (numbers, estimates, fractions) = Informative(looks, design, finalLook);
        var ends = finalLook || fractions[^1] >= 1;
        var boundaries = GroupSequential.Boundaries(fractions, design.AlphaTwoSided / 2, design.Spending, ends);
        for (var k = 0; k < estimates.Count; k++)
        {
            var z = estimates[k].Difference / estimates[k].StandardError;
            if (Math.Abs(z) >= boundaries[k]) return new GroupSequentialVerdict.Stopped(numbers[k], z, boundaries[k], z > 0);
        }

        var last = estimates[^1];
        var (lastZ, boundary) = (last.Difference / last.StandardError, boundaries[^1]);
        var interval = new Interval(last.Difference - boundary * last.StandardError, last.Difference + boundary * last.StandardError);
        return ends
            ? new GroupSequentialVerdict.Inconclusive(lastZ, boundary, interval)
            : new GroupSequentialVerdict.GoOn(fractions[^1], lastZ, boundary, interval);
    }

    /// <summary>
    /// Looks that add information. The first that reaches t = 1 ends the series. At the planned end the last look always counts: it
    /// replaces earlier ones with as much information.
    /// </summary>
    private static (List<int> Numbers, List<Effect.Estimate> Estimates, List<double> Fractions) Informative(
        IReadOnlyList<Effect> looks, GroupSequentialDesign design, bool finalLook)
    {
        var (numbers, estimates, fractions) = (new List<int>(), new List<Effect.Estimate>(), new List<double>());
        for (var i = 0; i < looks.Count; i++)
        {
            if (looks[i] is not Effect.Estimate e) continue;
            var ratio = design.PlannedStandardError / e.StandardError;
            var t = Math.Min(1, ratio * ratio);
            var previous = fractions.Count == 0 ? 0 : fractions[^1];
            if (previous >= 1) break;
            if (t <= previous + SmallestStep && !(finalLook && i == looks.Count - 1) && fractions.Count > 0) continue;
            while (fractions.Count > 0 && t <= fractions[^1] + SmallestStep) RemoveLast();
            numbers.Add(i + 1);
            estimates.Add(e);
            fractions.Add(t);
        }

        return (numbers, estimates, fractions);

        void RemoveLast()
        {
            numbers.RemoveAt(numbers.Count - 1);
            estimates.RemoveAt(estimates.Count - 1);
            fractions.RemoveAt(fractions.Count - 1);
        }
    }
}
