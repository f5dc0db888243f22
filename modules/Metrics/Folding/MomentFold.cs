using System.Runtime.InteropServices;
using System.Text.Json;
using Delivery.Contracts.Exposures;
using Delivery.Contracts.Http;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Events;
using Delivery.Metrics.Health;

namespace Delivery.Metrics.Folding;

/// <summary>
/// The exact moments of the followed flags of one environment. A function of the two sets of rows: a late earlier exposure
/// takes its unit back, works it out again from its raw events and adds it where it belongs. Not safe for concurrent callers.
/// </summary>
internal sealed class MomentFold
{
    private const int Format = 4;

    /// <summary>So many rows are looked up ahead.</summary>
    private const int Ahead = 64;
    private const int ShardBits = 3;

    private readonly SourceTable _sources = new();
    private readonly FlagFold[] _flags;
    private readonly Dictionary<string, int[]> _byFlag;
    private MomentShard[] _shards;
    private RecentIds _ids;
    private readonly IdBlock _met = new(Ahead);
    private readonly AmountBlock _block = new();
    private long _exposuresUpTo;
    private long _oldestTicks = long.MaxValue;
    private long _newestTicks;

    public MomentFold(string environment, IReadOnlyList<FollowedFlag> followed, FoldLimits limits)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(followed.Count, FlagRows.MostFlags);
        (Environment, Followed, Limits) = (environment, followed, limits);
        _flags = [.. followed.Select(flag => new FlagFold(flag, _sources, limits.History))];
        _byFlag = followed.Index().GroupBy(f => f.Item.Flag, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Select(f => f.Index).ToArray(), StringComparer.Ordinal);
        _shards = [.. Enumerable.Range(0, 1 << ShardBits).Select(_ => new MomentShard(_flags))];
        _ids = new RecentIds(limits.Lateness + limits.ClockAhead);
    }

    public string Environment { get; }

    public IReadOnlyList<FollowedFlag> Followed { get; }

    public FoldLimits Limits { get; }

    /// <summary>Of what span raw events are remembered, at most.</summary>
    public TimeSpan Remembered => TimeSpan.FromTicks(Math.Clamp(_newestTicks - _oldestTicks, 0, (Limits.Lateness + Limits.History).Ticks));

    public long Units => _shards.Sum(shard => (long)shard.Units);

    /// <summary>What a snapshot writes, counted in things of about the same size: units, raw events, ids.</summary>
    public long Size => _shards.Sum(shard => (long)shard.Units + shard.Raws) + _ids.Count;

    /// <summary>What units and their sums take: as long as their flags are followed.</summary>
    public long UnitBytes => _shards.Sum(shard => shard.UnitBytes);

    public long Bytes => _shards.Sum(shard => shard.Bytes) + _ids.Bytes;

    /// <summary>Exposures received before a moment are folded: no raw event is needed that only an earlier one could count.</summary>
    public void ExposuresFolded(DateTimeOffset receivedBefore) => _exposuresUpTo = Math.Max(_exposuresUpTo, receivedBefore.UtcTicks);

    /// <summary>A repeated exposure needs no memory of ids: only the first one of a unit counts.</summary>
    public void Apply(IReadOnlyList<RecordedExposure> rows)
    {
        for (var rest = Span(rows); rest.Length > 0; rest = rest[Math.Min(Ahead, rest.Length)..])
        {
            var next = rest[..Math.Min(Ahead, rest.Length)];
            foreach (var row in next)
                ShardOf(row.UnitHash).Prefetch(row.UnitHash);
            foreach (var row in next)
                Apply(row);
        }
    }

    public void Apply(RecordedExposure e)
    {
        ExposuresFolded(e.ReceivedAt);
        if (!_byFlag.TryGetValue(e.Flag, out var flags) || e.Environment != Environment || !IsTimely(e.Time, e.ReceivedAt))
            return;
        foreach (var flag in flags)
        {
            if (e.FlagVersion >= _flags[flag].Followed.FromVersion)
                ShardOf(e.UnitHash).Expose(new UnitMet(e.UnitHash, e.Time.UtcTicks, flag, _flags[flag].NumberOf(new Arm(e.FlagVersion, e.Variant))));
        }
    }

    public void Apply(MetricEvent e) => Apply([e]);

    public void Apply(IReadOnlyList<MetricEvent> rows)
    {
        var keepSince = _exposuresUpTo - (Limits.Lateness + Limits.History).Ticks;
        for (var rest = Span(rows); rest.Length > 0; rest = rest[Math.Min(Ahead, rest.Length)..])
        {
            var next = rest[..Math.Min(Ahead, rest.Length)];
            Measure(next);
            Apply(_block.Items, _block.Places, keepSince);
            _block.Clear();
        }

        foreach (var shard in _shards)
            shard.Tidy(keepSince);
    }

    /// <summary>Whether a flag is followed with all these metrics.</summary>
    public bool Covers(string flag, long fromVersion, IEnumerable<MetricDefinition> metrics) =>
        Find(flag, fromVersion) is { } number && metrics.All(metric => _flags[number].Plan.IndexOf(metric) >= 0);

    public IReadOnlyList<MomentCell> Read(string flag, long fromVersion, IReadOnlyList<MetricToMeasure> metrics)
    {
        var number = Find(flag, fromVersion) ?? throw new ArgumentException($"{flag} is not followed since {fromVersion}", nameof(flag));
        return new MomentReading(_flags[number], [.. _shards.Select(shard => shard[number])]).Read(metrics);
    }

    public void Write(SnapshotWriter writer)
    {
        writer.Int(Format);
        writer.Text(Environment);
        writer.Long(Limits.Configured.MostBytes);
        foreach (var limits in new[] { Limits.Configured, Limits })
        {
            writer.Long(limits.Lateness.Ticks);
            writer.Long(limits.ClockAhead.Ticks);
            writer.Long(limits.History.Ticks);
        }

        writer.Text(JsonSerializer.Serialize(Followed, Json.Options));
        foreach (var flag in _flags)
            writer.Text(JsonSerializer.Serialize(flag.Arms, Json.Options));
        writer.Text(JsonSerializer.Serialize(_sources.Sets, Json.Options));
        writer.Long(_exposuresUpTo);
        writer.Long(_oldestTicks);
        writer.Long(_newestTicks);
        _ids.Write(writer);
        foreach (var shard in _shards)
            shard.Write(writer);
    }

    /// <summary>The fold as it was written; null when it was written by another format, under other limits, or under shortened ones that more memory may spare now.</summary>
    public static MomentFold? Read(SnapshotReader reader, FoldLimits limits)
    {
        if (reader.Int() != Format)
            return null;
        var environment = reader.Text();
        var mostBytes = reader.Long();
        if (reader.Long() != limits.Lateness.Ticks || reader.Long() != limits.ClockAhead.Ticks || reader.Long() != limits.History.Ticks)
            return null;
        var shortened = limits.Shortened(new TimeSpan(reader.Long()), new TimeSpan(reader.Long()), new TimeSpan(reader.Long()));
        if (shortened != limits && limits.MostBytes > mostBytes)
            return null;
        var fold = new MomentFold(environment, JsonSerializer.Deserialize<FollowedFlag[]>(reader.Text(), Json.Options)!, shortened);
        foreach (var flag in fold._flags)
        {
            foreach (var arm in JsonSerializer.Deserialize<Arm[]>(reader.Text(), Json.Options)!)
                flag.NumberOf(arm);
        }

        foreach (var set in JsonSerializer.Deserialize<int[][]>(reader.Text(), Json.Options)!)
            fold._sources.SetOf(set);
        fold._exposuresUpTo = reader.Long();
        fold._oldestTicks = reader.Long();
        fold._newestTicks = reader.Long();
        fold._ids = RecentIds.Read(reader, shortened.Lateness + shortened.ClockAhead);
        fold._shards = [.. fold._shards.Select(_ => MomentShard.Read(reader, fold._flags))];
        return fold;
    }

    /// <summary>Moves the sums of the units that the amounts are of.</summary>
    /// <param name="amounts">What the events add; none of them was applied before.</param>
    /// <param name="places">Room for a number each.</param>
    /// <param name="keepSince">Raw events before this are not kept.</param>
    public void Apply(ReadOnlySpan<UnitAmount> amounts, Span<int> places, long keepSince)
    {
        Note(amounts);
        foreach (ref readonly var amount in amounts)
            ShardOf(amount.Unit).Prefetch(amount.Unit);
        for (var i = 0; i < amounts.Length; i++)
            places[i] = ShardOf(amounts[i].Unit).PrefetchRow(amounts[i].Unit);
        for (var i = 0; i < amounts.Length; i++)
            ShardOf(amounts[i].Unit).Apply(amounts[i], places[i], keepSince);
    }

    private void Note(ReadOnlySpan<UnitAmount> amounts)
    {
        if (amounts.Length == 0)
            return;
        // A block holds what came in at about the same time: the ends tell as much as all of it.
        _oldestTicks = Math.Min(_oldestTicks, Math.Min(amounts[0].Ticks, amounts[^1].Ticks));
        _newestTicks = Math.Max(_newestTicks, Math.Max(amounts[0].Ticks, amounts[^1].Ticks));
    }

    /// <summary>What the events add that are this environment's, in time and not known yet.</summary>
    private void Measure(ReadOnlySpan<MetricEvent> rows)
    {
        _met.Clear();
        for (var row = 0; row < rows.Length; row++)
        {
            var e = rows[row];
            if (e.Environment == Environment && IsTimely(e.Time, e.ReceivedAt))
                _met.Add(row, e.Id);
        }

        _ids.Prefetch(_met.Ids, _met.Mixed);
        for (var at = 0; at < _met.Count; at++)
        {
            var (row, id, mixed) = _met[at];
            if (_ids.Meet(id, mixed, rows[row].ReceivedAt.UtcTicks))
                _sources.Measure(rows[row], _block);
        }
    }

    private static ReadOnlySpan<T> Span<T>(IReadOnlyList<T> rows) => rows switch
    {
        T[] array => array,
        List<T> list => CollectionsMarshal.AsSpan(list),
        _ => rows.ToArray(),
    };

    private int? Find(string flag, long fromVersion) =>
        _byFlag.GetValueOrDefault(flag)?.Where(number => _flags[number].Followed.FromVersion == fromVersion).Select(number => (int?)number).FirstOrDefault();

    /// <summary>By the upper bits of a product: the lower ones place the unit in the shard's table.</summary>
    private MomentShard ShardOf(ulong unit) => _shards[(unit * 0x9E3779B97F4A7C15) >> (64 - ShardBits)];

    private bool IsTimely(DateTimeOffset time, DateTimeOffset receivedAt) =>
        receivedAt - time <= Limits.Lateness && time - receivedAt <= Limits.ClockAhead;
}
