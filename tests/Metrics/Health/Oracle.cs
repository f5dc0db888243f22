using Delivery.Contracts.Exposures;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Events;

namespace Delivery.Metrics.Tests.Health;

/// <summary>
/// The same numbers a second way: every count written down as a query over the sets of rows, slowly, with nothing shared
/// with the fold but the rows.
/// </summary>
internal static class Oracle
{
    public static ReleaseHealth Read(GetReleaseHealth query, IReadOnlyCollection<RecordedExposure> exposures, IReadOnlyCollection<MetricEvent> events)
    {
        var met = exposures.Where(e => e.Environment == query.Environment && e.Flag == query.Flag).DistinctBy(e => e.Id).ToList();
        var attributed = events.DistinctBy(e => e.Id).Where(e => e.Environment == query.Environment)
            .SelectMany(e => Cells(e, query.Flag, met)).ToList();
        var versions = met.Select(e => e.FlagVersion).Concat(attributed.Where(a => a.Event.IsRequest && a.Event.Flags is not null).Select(a => a.Version)).Where(v => v >= query.FromVersion);
        var epochs = versions.Distinct().Order().Select(version => new EpochHealth(
            version,
            Arm(met, attributed, version, variant => variant == query.Variant),
            Arm(met, attributed, version, variant => variant != query.Variant))).ToList();
        var bad = attributed.Where(a => a.Event.Failed == true && a.Variant == query.Variant && a.Version >= query.FromVersion).Select(a => a.Event.Time).ToList();
        return new ReleaseHealth(
            epochs,
            met.Count == 0 ? null : met.Max(e => e.ReceivedAt),
            LastEvent(query.Flag, met, events),
            bad.Count == 0 ? null : bad.Min(),
            Rows.Start);
    }

    private static DateTimeOffset? LastEvent(string flag, List<RecordedExposure> met, IReadOnlyCollection<MetricEvent> events)
    {
        var concerned = events.DistinctBy(e => e.Id)
            .Where(e => e is { IsRequest: true, Flags: { } flags } ? flags.Any(f => f.Flag == flag) : met.Any(m => m.UnitHash == e.UnitHash))
            .Select(e => e.ReceivedAt).ToList();
        return concerned.Count == 0 ? null : concerned.Max();
    }

    private static IEnumerable<(MetricEvent Event, long Version, string Variant)> Cells(MetricEvent e, string flag, List<RecordedExposure> met)
    {
        var ofUnit = met.Where(m => m.UnitHash == e.UnitHash && m.Time <= e.Time).ToList();
        if (!e.IsRequest)
        {
            var firsts = met.Where(m => m.UnitHash == e.UnitHash).GroupBy(m => m.FlagVersion).Select(g => g.OrderBy(m => m.Time).ThenBy(m => m.Variant, StringComparer.Ordinal).First());
            return firsts.Where(m => m.Time <= e.Time).Select(m => (e, m.FlagVersion, m.Variant));
        }

        if (e.Flags is { } evaluated)
            return evaluated.Where(f => f.Flag == flag).Select(f => (e, f.Version, f.Variant));
        var inForce = ofUnit.OrderBy(m => m.Time).ThenBy(m => m.FlagVersion).ThenBy(m => m.Variant, StringComparer.Ordinal).LastOrDefault();
        return inForce is null ? [] : [(e, inForce.FlagVersion, inForce.Variant)];
    }

    private static ArmHealth Arm(List<RecordedExposure> met, List<(MetricEvent Event, long Version, string Variant)> attributed, long version, Func<string, bool> inArm)
    {
        var mine = met.Where(m => m.FlagVersion == version && inArm(m.Variant)).ToList();
        var events = attributed.Where(a => a.Version == version && inArm(a.Variant)).Select(a => a.Event).ToList();
        var requests = events.Where(e => e.IsRequest).ToList();
        var failing = requests.Where(e => e.Failed == true).ToList();
        return new ArmHealth(
            mine.Count,
            mine.Select(m => m.UnitHash).Distinct().Count(),
            requests.Count,
            failing.Count,
            failing.Select(e => e.UnitHash).Distinct().Count(),
            [.. requests.Where(e => e.DurationMicroseconds is not null).GroupBy(e => Edge(e.DurationMicroseconds!.Value)).OrderBy(g => g.Key)
                .Select(g => new LatencyBucket(g.Key.From, g.Key.To, g.Count()))],
            events.Where(e => !e.IsRequest).GroupBy(e => e.Name).ToDictionary(g => g.Key, g => (long)g.Select(e => e.UnitHash).Distinct().Count()));
    }

    /// <summary>64 steps to a power of two, by division.</summary>
    private static (long From, long To) Edge(long value)
    {
        var width = 1L;
        while (value / width >= 128)
            width *= 2;
        return (value / width * width, (value / width * width) + width);
    }
}
