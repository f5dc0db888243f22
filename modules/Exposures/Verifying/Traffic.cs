using Delivery.Statistics;

namespace Delivery.Exposures.Verifying;

/// <summary>Units counted alike: by their first exposure in an epoch.</summary>
/// <param name="Epoch">The epoch's index.</param>
/// <param name="IsNew">Whether they met the flag in no earlier epoch.</param>
internal sealed record TrafficCell(int Epoch, string Variant, string Reason, string? Rule, bool IsNew, long Units);

/// <summary>Expected against recorded units: pure.</summary>
internal static class Traffic
{
    public static TrafficReport Report(
        string flag, string environment, string? owner, IReadOnlyList<AllocationEpoch> epochs, IReadOnlyList<TrafficCell> cells, bool isHeldOut, DateTimeOffset now,
        TrafficForecast forecast, bool isOff)
    {
        var views = new List<EpochTraffic>();
        var tested = new List<(AllocatedSplit Split, SplitCounts Counts)>();
        for (var at = 0; at < epochs.Count; at++)
        {
            var epoch = epochs[at];
            var here = cells.Where(cell => cell.Epoch == at).ToList();
            var units = here.Sum(cell => cell.Units);
            var hours = ((epoch.To ?? now) - epoch.From).TotalHours;
            views.Add(new EpochTraffic(
                epoch.FirstVersion, epoch.LastVersion, epoch.From, epoch.To, units, hours > 0 ? units / hours : null, views.LastOrDefault()?.UnitsPerHour,
                [.. epoch.Splits.Select(split => View(split, here, isHeldOut))]));
            var first = here.Where(cell => cell.IsNew).ToList();
            tested.AddRange(epoch.Splits.Where(split => !Ambiguous(split, isHeldOut)).Select(split => (split, Counts(split, first)))
                .Where(pair => pair.Item2.Refusal is null && pair.Item2.Total > 0));
        }

        return new TrafficReport(flag, environment, owner, Overall(tested), views, forecast, isOff);
    }

    private static OverallTraffic Overall(List<(AllocatedSplit Split, SplitCounts Counts)> tested)
    {
        var outcome = tested.Count == 0 ? null : SequentialSrm.Test([.. tested.Select(pair => pair.Counts)]) as SrmOutcome.Tested;
        var arms = tested.SelectMany(pair => Arms(pair.Split, pair.Counts)).GroupBy(arm => (arm.Rule, arm.Variant))
            .Select(arm => new ArmTraffic(arm.Key.Rule, arm.Key.Variant, arm.Sum(part => part.ExpectedUnits), arm.Sum(part => part.RecordedUnits)));
        return new OverallTraffic(tested.Sum(pair => pair.Counts.Total), outcome?.P, outcome?.Level, [.. arms]);
    }

    private static SplitTraffic View(AllocatedSplit split, IReadOnlyList<TrafficCell> cells, bool isHeldOut)
    {
        var counts = Counts(split, cells);
        var why = Ambiguous(split, isHeldOut) ? "holdout" : counts.Refusal is not null ? "one-arm" : counts.Total == 0 ? "no-units" : null;
        var outcome = why is null ? SequentialSrm.Test([counts]) as SrmOutcome.Tested : null;
        var served = split.Arms.Select(arm => arm.Variant).ToHashSet(StringComparer.Ordinal);
        return new SplitTraffic(
            split.Rule,
            split.ExposurePpm / 10_000.0,
            split.HasControl && counts.Total > 0 ? 100.0 * (counts.Total - counts.Users[^1]) / counts.Total : null,
            Arms(split, counts),
            cells.Where(cell => Decided(split, cell) && !served.Contains(cell.Variant)).Sum(cell => cell.Units),
            why is null ? PearsonChiSquare.Of(counts) : null,
            outcome?.P,
            outcome?.Level,
            why);
    }

    /// <summary>A held-out unit and a unit of the default's split are recorded alike.</summary>
    private static bool Ambiguous(AllocatedSplit split, bool isHeldOut) => split.Rule is null && isHeldOut;

    private static IReadOnlyList<ArmTraffic> Arms(AllocatedSplit split, SplitCounts counts) =>
        [.. split.Arms.Select((arm, i) => new ArmTraffic(split.Rule, arm.Variant, arm.Share * counts.Total, counts.Users[i]))];

    private static SplitCounts Counts(AllocatedSplit split, IReadOnlyList<TrafficCell> cells) => new(
        [.. split.Arms.Select(arm => cells.Where(cell => arm.Variant is null ? PassedOn(split, cell) : Decided(split, cell) && cell.Variant == arm.Variant).Sum(cell => cell.Units))],
        [.. split.Arms.Select(arm => arm.Share)]);

    private static bool Decided(AllocatedSplit split, TrafficCell cell) =>
        cell.Rule == split.Rule && (split.Rule is not null || cell.Reason == "SPLIT");

    /// <summary>Decided by a later rule or the default. Rings, individual targets and holdouts come before the split: they never reached it.</summary>
    private static bool PassedOn(AllocatedSplit split, TrafficCell cell) =>
        cell.Rule is { } rule ? split.LaterRules.Contains(rule) : cell.Reason == "DEFAULT";
}
