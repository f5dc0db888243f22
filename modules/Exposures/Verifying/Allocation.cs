using Delivery.Contracts.Targeting;
using Delivery.Evaluation;

namespace Delivery.Exposures.Verifying;

/// <summary>An arm of a split: a variant's units, or those that the split passed on to later rules.</summary>
/// <param name="Variant">The variant's key; null for the units that were passed on: the control.</param>
/// <param name="Share">The intended part of the units that reached the split, in (0, 1].</param>
internal sealed record IntendedArm(string? Variant, double Share);

/// <summary>A split as it was allocated, and what tells which units reached it.</summary>
/// <param name="Rule">The rule's id; null for the default.</param>
/// <param name="ExposurePpm">The exposure percentage, in parts per million.</param>
/// <param name="Arms">What is intended; shares add up to 1.</param>
/// <param name="LaterRules">The rules after it: a unit decided by one of them reached this split and was passed on.</param>
/// <param name="HasControl">Whether passed-on units can be told from units that never reached it.</param>
internal sealed record AllocatedSplit(string? Rule, int ExposurePpm, IReadOnlyList<IntendedArm> Arms, IReadOnlySet<string> LaterRules, bool HasControl);

/// <summary>A span of versions in which weights and exposure percentages did not change.</summary>
internal sealed record AllocationEpoch(
    long FirstVersion, long LastVersion, DateTimeOffset From, DateTimeOffset? To, IReadOnlyList<AllocatedSplit> Splits);

internal static class Allocation
{
    /// <summary>The epochs of a flag's versions, oldest first; each ends where the next begins.</summary>
    public static IReadOnlyList<AllocationEpoch> Epochs(IReadOnlyList<FlagRevision> revisions)
    {
        var epochs = new List<AllocationEpoch>();
        string? present = null;
        foreach (var (at, flag) in revisions.Select(revision => (revision.At, revision.Definition)))
        {
            var signature = Signature(flag);
            if (signature == present)
            {
                epochs[^1] = epochs[^1] with { LastVersion = flag.Version };
                continue;
            }

            if (epochs.Count > 0)
                epochs[^1] = epochs[^1] with { To = at };
            epochs.Add(new AllocationEpoch(flag.Version, flag.Version, at, null, Splits(flag)));
            present = signature;
        }

        return epochs;
    }

    /// <summary>A layer's slot passes units on, too: a control can't be told any more, the split among the exposed can.</summary>
    public static AllocationEpoch InLayer(AllocationEpoch epoch) => epoch with { Splits = [.. epoch.Splits.Select(WithoutControl)] };

    /// <summary>The splits that can be open: none while the flag is off for everyone.</summary>
    public static IReadOnlyList<AllocatedSplit> Splits(FlagDefinition flag)
    {
        if (!flag.Enabled || flag.Killed || flag.Archived)
            return [];
        var splits = new List<AllocatedSplit>();
        for (var at = 0; at < flag.Rules.Count; at++)
        {
            if (flag.Rules[at] is { Serve: Serve.Split { Assignment: { } split } } rule)
                splits.Add(Split(flag, split, rule.Id, rule.Condition is null, [.. flag.Rules.Skip(at + 1)]));
        }

        if (flag.Default is Serve.Split { Assignment: { } otherwise })
            splits.Add(Split(flag, otherwise, null, isOpenToAll: false, []));
        return splits;
    }

    /// <summary>
    /// Passed-on units are told by where they ended. That is possible where everyone else reached the split: no condition, no
    /// filter, no attribute that may be missing; and where a default can only mean "passed on": no prerequisite, no default split.
    /// </summary>
    private static AllocatedSplit Split(FlagDefinition flag, Split split, string? rule, bool isOpenToAll, IReadOnlyList<Rule> later)
    {
        var total = (double)SplitAllocation.Total(split);
        var exposed = Math.Clamp(split.ExposurePartsPerMillion, 0, Evaluation.Split.FullExposure) / (double)Evaluation.Split.FullExposure;
        var widths = SplitAllocation.Ranges(split).GroupBy(range => range.Variant, StringComparer.Ordinal)
            .Select(range => (Variant: range.Key, Share: exposed * range.Sum(part => (double)part.End - part.Start) / total))
            .Where(arm => arm.Share > 0).ToList();
        var passedOn = 1 - widths.Sum(arm => arm.Share);
        var hasControl = isOpenToAll && split.Filters.Count == 0 && flag.Prerequisites.Count == 0 && flag.Default is not Serve.Split
            && split.UnitAttribute == Attributes.TargetingKey && passedOn > 1e-9;
        var whole = hasControl ? 1 : widths.Sum(arm => arm.Share);
        List<IntendedArm> arms = [.. widths.Select(arm => new IntendedArm(arm.Variant, arm.Share / whole))];
        if (hasControl)
            arms.Add(new IntendedArm(null, passedOn));
        return new AllocatedSplit(
            rule, split.ExposurePartsPerMillion, arms, later.Select(next => next.Id).ToHashSet(StringComparer.Ordinal), hasControl);
    }

    private static AllocatedSplit WithoutControl(AllocatedSplit split)
    {
        var exposed = split.Arms.Where(arm => arm.Variant is not null).ToList();
        return split with { HasControl = false, Arms = [.. exposed.Select(arm => arm with { Share = arm.Share / exposed.Sum(one => one.Share) })] };
    }

    private static string Signature(FlagDefinition flag) => string.Join('\n', Splits(flag).Select(split =>
        $"{split.Rule}|{split.ExposurePpm}|{split.HasControl}|{string.Join(',', split.Arms)}|{string.Join(',', split.LaterRules)}"));
}
