namespace Delivery.Statistics;

/// <summary>Is the canary's quantile worse than the stable one by more than a margin? Valid at every look.</summary>
/// <remarks>
/// <para>
/// Null "Q_c ≤ Q_s + m": whatever the true q = Q_s is, the product of the evidence against "Q_s = q" (too many stable observations
/// below q) and against "Q_c ≤ q + m" (too few canary observations up to q + m) is an e-process, because the arms are independent.
/// The minimum over q, taken bucket by bucket on the safe side, is therefore below 1/α for ever with probability 1 − α. The bounds
/// of the harm are the margins at which the test and its mirror image just reject. This needs fewer observations than comparing two
/// intervals. Single-arm evidence: Howard and Ramdas 2022, arXiv:1906.09712v5, Theorem 1; differences of quantiles by anytime-valid
/// tests: M. Lindon, C. Sanden, V. Shirikian 2022, arXiv:2205.14762.
/// </para>
/// <para>No burn-in: the bounds are exact for independent observations. Few observations give open bounds, hence Undecided.</para>
/// </remarks>
public static class QuantileGuardrail
{
    private const int BisectionSteps = 44;
    private const double LargestLogRatio = 30;

    /// <summary>Compares two histograms of the same value.</summary>
    public static GuardrailVerdict Judge(LogHistogram stable, LogHistogram canary, QuantileGuardrailDesign design)
    {
        if (!design.IsValid) return new GuardrailVerdict.NoData(NoEstimateReason.InvalidDesign);
        if (QuantileBand.Read(stable, design) is not QuantileReading.Estimate s
            || QuantileBand.Read(canary, design) is not QuantileReading.Estimate c)
            return new GuardrailVerdict.NoData(NoEstimateReason.NoData);
        var test = new TwoArms(
            new QuantileEvidence(stable, design, design.Alpha / 2), new QuantileEvidence(canary, design, design.Alpha / 2), -Math.Log(design.Alpha));
        var evidence = new GuardrailEvidence(
            new ArmReading(s.Value, s.Interval), new ArmReading(c.Value, c.Interval),
            design.Margin is Margin.Relative ? RelativeHarm(test) : AbsoluteHarm(test), design.Margin.Tolerated);

        // Tested at the margin itself: the bounds are found by bisection and may sit a rounding error beside it.
        var shift = design.Margin is Margin.Relative ? ByRatio(1 + evidence.Tolerated) : ByAmount(evidence.Tolerated);
        if (test.IsWorse(shift)) return new GuardrailVerdict.Worse(evidence);
        return test.IsNotWorse(shift) ? new GuardrailVerdict.NotWorse(evidence) : new GuardrailVerdict.Undecided(evidence);
    }

    private static Func<double, double> ByAmount(double amount) => value => value + amount * FixedPoint.Scale;

    private static Func<double, double> ByRatio(double ratio) => value => value * ratio;

    private static Interval AbsoluteHarm(TwoArms test)
    {
        var widest = LogHistogram.HighestOf(test.LastBucket) / (double)FixedPoint.Scale;
        return Bounds(test, -widest, widest, ByAmount, m => m);
    }

    private static Interval RelativeHarm(TwoArms test) =>
        Bounds(test, -LargestLogRatio, LargestLogRatio, u => ByRatio(Math.Exp(u)), Precision.ExpMinusOne);

    private static Interval Bounds(
        TwoArms test, double from, double to, Func<double, Func<double, double>> shift, Func<double, double> harm)
    {
        double? lower = test.IsWorse(shift(from)) ? harm(Last(from, to, u => test.IsWorse(shift(u)))) : null;
        double? upper = test.IsNotWorse(shift(to)) ? harm(-Last(-to, -from, u => test.IsNotWorse(shift(-u)))) : null;
        return new Interval(lower, upper);
    }

    /// <summary>The largest point found at which a condition still holds that is true at the start and turns false once.</summary>
    private static double Last(double from, double to, Func<double, bool> holds)
    {
        for (var step = 0; step < BisectionSteps; step++)
        {
            var middle = from + (to - from) / 2;
            if (holds(middle)) from = middle;
            else to = middle;
        }

        return from;
    }

    private sealed class TwoArms(QuantileEvidence stable, QuantileEvidence canary, double logThreshold)
    {
        public int LastBucket => Math.Max(stable.Last, canary.Last);

        /// <summary>Rejects "Q_c ≤ shift(Q_s)".</summary>
        public bool IsWorse(Func<double, double> shift)
        {
            // Buckets above all stable values: their evidence is constant, and the canary's is least where every value counts.
            if (stable.LogBelow(stable.Last + 1) + canary.LogAbove(canary.Last) < logThreshold) return false;
            for (var bucket = stable.Last; bucket >= Math.Max(0, stable.First - 1); bucket--)
            {
                var reach = shift(LogHistogram.HighestOf(bucket));
                if (reach >= 0 && stable.LogBelow(bucket) + canary.LogAbove(BucketAt(reach)) < logThreshold) return false;
            }

            return true;
        }

        /// <summary>Rejects "Q_c &gt; shift(Q_s)".</summary>
        public bool IsNotWorse(Func<double, double> shift)
        {
            if (stable.First > 0 && stable.LogAbove(0) + canary.LogBelow(BucketAt(shift(0) + 1)) < logThreshold) return false;
            for (var bucket = stable.First; bucket <= Math.Min(stable.Last + 1, LogHistogram.LastBucket); bucket++)
            {

                // Values are whole micro-units: "at most x" holds every bucket below that of x + 1.
                var reach = BucketAt(shift(LogHistogram.LowestOf(bucket)) + 1);
                if (stable.LogAbove(bucket) + canary.LogBelow(reach) < logThreshold) return false;
            }

            return true;
        }

        private static int BucketAt(double microUnits) =>
            microUnits >= 9.2e18 ? LogHistogram.LastBucket : LogHistogram.BucketOf((long)Math.Max(0, microUnits));
    }
}
