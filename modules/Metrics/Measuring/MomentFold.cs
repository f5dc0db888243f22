using Delivery.Contracts.Exposures;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Events;
using Delivery.Metrics.Health;

namespace Delivery.Metrics.Measuring;

/// <summary>
/// The exact moments of some metrics for one flag since one version. A function of the two sets of rows: a late earlier
/// exposure takes the unit back, works it out again from its raw events and adds it where it belongs. Not safe for concurrent callers.
/// </summary>
internal sealed class MomentFold(string environment, string flag, long fromVersion, MeasurePlan plan, FoldLimits limits)
{
    private readonly Dictionary<ulong, MeasuredUnit> _units = [];
    private readonly SortedDictionary<(long Version, string Variant), MomentArm> _arms = new(
        Comparer<(long Version, string Variant)>.Create((a, b) => a.Version != b.Version ? a.Version.CompareTo(b.Version) : string.CompareOrdinal(a.Variant, b.Variant)));
    private readonly RecentIds _ids = new(limits.Lateness + limits.ClockAhead);

    public int Units => _units.Count;

    /// <summary>A repeated exposure needs no memory of ids: only the first one of a unit counts.</summary>
    public void Apply(RecordedExposure e)
    {
        if (e.FlagVersion < fromVersion || e.Flag != flag || e.Environment != environment || !Timely(e.Time, e.ReceivedAt))
            return;
        if (!_arms.TryGetValue((e.FlagVersion, e.Variant), out var arm))
            _arms.Add((e.FlagVersion, e.Variant), arm = new MomentArm(e.FlagVersion, e.Variant, plan.Metrics));
        Unit(e.UnitHash).Expose(e.Time.UtcTicks, arm);
    }

    public void Apply(MetricEvent e)
    {
        if (!Timely(e.Time, e.ReceivedAt) || !_ids.Meet(e.Id, e.ReceivedAt) || e.Environment != environment)
            return;
        for (var source = 0; source < plan.Sources.Count; source++)
        {
            if (EventMatch.TryMeasure(plan.Sources[source], e, out var amount))
                Unit(e.UnitHash).Measure(source, e.Time.UtcTicks, amount);
        }
    }

    public IReadOnlyList<MomentCell> Read() =>
        [.. _arms.Values.Where(arm => arm.Units > 0).SelectMany(arm => arm.Read(_units.Values.Where(unit => unit.Arm == arm)))];

    private MeasuredUnit Unit(ulong hash)
    {
        if (!_units.TryGetValue(hash, out var unit))
            _units.Add(hash, unit = new MeasuredUnit(plan.Metrics));
        return unit;
    }

    private bool Timely(DateTimeOffset time, DateTimeOffset receivedAt) =>
        receivedAt - time <= limits.Lateness && time - receivedAt <= limits.ClockAhead;
}
