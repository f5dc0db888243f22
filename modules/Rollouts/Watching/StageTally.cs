using Delivery.Contracts.Metrics;
using Delivery.Contracts.Rollouts;

namespace Delivery.Rollouts;

/// <summary>The counts of one stage: the epochs of the flag versions from the one that opened it to the next stage's.</summary>
internal sealed record StageTally(int Index, Stage Stage, ArmHealth Released, ArmHealth Control)
{
    /// <summary>Folds epochs into the stages that were opened.</summary>
    public static IReadOnlyList<StageTally> Fold(Rollout rollout, IReadOnlyList<EpochHealth> epochs) =>
        rollout.OpenedVersions.Select((from, i) =>
        {
            var to = i + 1 < rollout.OpenedVersions.Count ? rollout.OpenedVersions[i + 1] : rollout.ClosedVersion ?? long.MaxValue;
            var own = epochs.Where(e => e.FlagVersion >= from && e.FlagVersion < to).ToList();
            return new StageTally(i, rollout.Plan.Stages[i], Arm.Sum(own.Select(e => e.Released)), Arm.Sum(own.Select(e => e.Control)));
        }).ToList();
}

/// <summary>Sums of arms.</summary>
internal static class Arm
{
    public static ArmHealth Sum(IEnumerable<ArmHealth> arms) => arms.Aggregate(ArmHealth.Empty, Add);

    public static ArmEvidence Evidence(ArmHealth arm) => new(
        arm.Exposures, arm.Units, arm.Requests, arm.Errors, arm.FailingUnits, Quantile(arm.Latency, 0.5), Quantile(arm.Latency, 0.95));

    /// <summary>Middle of the bucket that holds the sample quantile, in milliseconds; null without durations.</summary>
    public static double? Quantile(IReadOnlyList<LatencyBucket> latency, double probability)
    {
        var rank = Math.Max(1, (long)Math.Ceiling(probability * latency.Sum(b => b.Count)));
        foreach (var bucket in latency.OrderBy(b => b.FromMicroseconds))
        {
            rank -= bucket.Count;
            if (rank <= 0)
                return (bucket.FromMicroseconds + bucket.ToMicroseconds) / 2_000.0;
        }

        return null;
    }

    private static ArmHealth Add(ArmHealth x, ArmHealth y) => ReferenceEquals(x, ArmHealth.Empty) ? y : new(
        x.Exposures + y.Exposures,
        x.Units + y.Units,
        x.Requests + y.Requests,
        x.Errors + y.Errors,
        x.FailingUnits + y.FailingUnits,
        x.Latency.Concat(y.Latency)
            .GroupBy(b => (b.FromMicroseconds, b.ToMicroseconds))
            .Select(g => new LatencyBucket(g.Key.FromMicroseconds, g.Key.ToMicroseconds, g.Sum(b => b.Count)))
            .OrderBy(b => b.FromMicroseconds)
            .ToList(),
        x.Conversions.Concat(y.Conversions).GroupBy(c => c.Key).ToDictionary(g => g.Key, g => g.Sum(c => c.Value)))
    {
        UnitsLeft = x.UnitsLeft + y.UnitsLeft,
    };
}
