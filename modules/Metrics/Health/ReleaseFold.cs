using Delivery.Contracts.Exposures;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Events;

namespace Delivery.Metrics.Health;

/// <summary>
/// Exposures and metric events, folded to counts per (environment, flag, flag version, variant). A function of the two
/// sets of rows, until memory makes it count less: order, batching, repeats and delay don't change the result. Not safe for concurrent callers.
/// </summary>
internal sealed class ReleaseFold(FoldLimits limits)
{
    /// <summary>An id's, on average.</summary>
    private const long IdBytes = 24;

    private readonly Dictionary<string, EnvironmentCells> _environments = new(StringComparer.Ordinal);
    private readonly RecentIds _exposures = new(limits.Lateness + limits.ClockAhead);
    private readonly RecentIds _events = new(limits.Lateness + limits.ClockAhead);
    private readonly FoldMemory _memory = new();
    private long _exposuresReceived;
    private long _eventsReceived;
    private readonly FoldBudget _budget = new(limits.MostBytes);
    private long _settledTicks = long.MinValue;
    private long _forgottenTicks = long.MinValue;

    public FoldTally Tally { get; private set; }

    public int Units => _environments.Values.Sum(environment => environment.Units);

    public int Cells => _environments.Values.Sum(environment => environment.Cells);

    /// <summary>Within which rows are counted: as configured, or shorter since memory did not do.</summary>
    public FoldLimits Limits { get; private set; } = limits;

    /// <summary>Which units are counted: all, or fewer since memory did not do.</summary>
    public UnitSample Sample { get; private set; }

    /// <summary>About how much memory is held for as long as rows are waited for: ids, and units' requests and exposures.</summary>
    public long WaitingBytes => _exposures.Bytes + _events.Bytes + _memory.Waiting;

    /// <summary>About how much memory is held for as long as flags are: what is known of units.</summary>
    public long UnitBytes => _memory.Units;

    /// <summary>Without ids.</summary>
    public FoldMemory Held => _memory;

    public int RememberedIds => _exposures.Count + _events.Count;

    public void Apply(RecordedExposure exposure)
    {
        _exposuresReceived = Math.Max(_exposuresReceived, exposure.ReceivedAt.UtcTicks);
        var folded = Timely(exposure.Time, exposure.ReceivedAt)
            ?? (!Sample.Has(exposure.UnitHash) ? Pass(exposure)
            : _exposures.Meet(exposure.Id, exposure.ReceivedAt) ? Count(exposure)
            : Folded.Repeated);
        Tally = Tally.With(folded);
    }

    public void Apply(MetricEvent metricEvent)
    {
        _eventsReceived = Math.Max(_eventsReceived, metricEvent.ReceivedAt.UtcTicks);
        var folded = Timely(metricEvent.Time, metricEvent.ReceivedAt)
            ?? (!Sample.Has(metricEvent.UnitHash) ? Pass(metricEvent)
            : _events.Meet(metricEvent.Id, metricEvent.ReceivedAt) ? Count(metricEvent)
            : Folded.Repeated);
        Tally = Tally.With(folded);
    }

    /// <summary>
    /// Every row received before <paramref name="receivedBefore"/> was folded, from both logs. It frees memory and changes
    /// no number: what is older than this by <see cref="FoldLimits.Lateness"/> can't be preceded by anything any more.
    /// </summary>
    public void Settle(DateTimeOffset receivedBefore)
    {
        _settledTicks = Math.Max(_settledTicks, (receivedBefore - Limits.Lateness).UtcTicks);
        // Of a log without rows, too.
        _exposures.Age(receivedBefore.UtcTicks);
        _events.Age(receivedBefore.UtcTicks);
    }

    /// <summary>Whether so much more is settled since units were gone through that it is worth doing so for the memory.</summary>
    public bool HasMuchSettled => _settledTicks - Math.Max(_forgottenTicks, long.MinValue / 2) >= Limits.Lateness.Ticks / 8;

    /// <summary>Holds less where it holds too much, and says how. What was counted stays.</summary>
    public Lessening Lessen()
    {
        var received = Math.Max(_exposuresReceived, _eventsReceived);
        // Tables of ids double at once: what came in is told by how many there are.
        var came = (RememberedIds * IdBytes) + _memory.Waiting;
        var lessening = _budget.Decide(WaitingBytes, came, UnitBytes, received, Limits, Sample.CanHalve);
        if (lessening == Lessening.Shorten)
            Shorten(_budget.Latter(received));
        else if (lessening == Lessening.Thin)
            Thin();
        return lessening;
    }

    /// <summary>
    /// Rows are waited for, and ids remembered, for about this span from now on, and at most half as long as before. A row that comes in later
    /// than that is not counted, and an exposure no longer moves what its unit did before then.
    /// </summary>
    public void Shorten(TimeSpan span)
    {
        Limits = Limits.Shortened(span < Limits.Lateness ? span : Limits.Lateness, FoldBudget.Least(Limits));
        var ids = Limits.Lateness + Limits.ClockAhead;
        _exposures.Shorten(ids, _exposuresReceived);
        _events.Shorten(ids, _eventsReceived);
    }

    /// <summary>
    /// Half of the units are counted from now on, and nothing is remembered of the others; what they did stays counted. It frees at once what is known of
    /// units, and of what waits the part that is not ids.
    /// </summary>
    public void Thin()
    {
        Sample = Sample.Halved();
        foreach (var environment in _environments.Values)
            environment.Keep(Sample);
    }

    /// <summary>Drops flags without traffic or question for <see cref="FoldLimits.Retention"/>. Returns how many.</summary>
    public int Forget(DateTimeOffset now)
    {
        _forgottenTicks = _settledTicks;
        return _environments.Values.Sum(environment => environment.Forget((now - Limits.Retention).UtcTicks, _settledTicks));
    }

    public ReleaseHealth Read(GetReleaseHealth query, DateTimeOffset now, DateTimeOffset completeUpTo)
    {
        if (_environments.GetValueOrDefault(query.Environment)?.Find(query.Flag) is not { } flag)
            return new ReleaseHealth([], null, null, null, completeUpTo) { UnitShare = Sample.Share };
        flag.LastAsked = now.UtcTicks;
        return new ReleaseHealth(
            flag.Epochs(query.Variant, query.FromVersion),
            Moment(flag.LastExposure),
            Moment(flag.LastEvent),
            flag.FirstFailure(query.Variant, query.FromVersion) is { } ticks ? Moment(ticks) : null,
            completeUpTo)
        {
            UnitShare = Sample.Share,
        };
    }

    /// <summary>There is traffic, but this unit is not counted.</summary>
    private Folded Pass(RecordedExposure e)
    {
        _exposures.Age(_exposuresReceived);
        if (_environments.GetValueOrDefault(e.Environment)?.Find(e.Flag) is { } flag)
            flag.LastExposure = Math.Max(flag.LastExposure, e.ReceivedAt.UtcTicks);
        return Folded.NotSampled;
    }

    /// <summary>As an exposure; where the event names no flag, nobody knows whose traffic it is.</summary>
    private Folded Pass(MetricEvent e)
    {
        _events.Age(_eventsReceived);
        foreach (var (key, _, _) in e.IsRequest && e.Flags is { } evaluated ? evaluated : [])
        {
            if (_environments.GetValueOrDefault(e.Environment)?.Find(key) is { } flag)
                flag.LastEvent = Math.Max(flag.LastEvent, e.ReceivedAt.UtcTicks);
        }

        return Folded.NotSampled;
    }

    private Folded Count(RecordedExposure e)
    {
        var environment = Environment(e.Environment);
        if (!environment.TryOpen(e.Flag, e.FlagVersion, e.Variant, out var flag, out var cell))
            return Folded.OverLimit;
        flag.LastExposure = Math.Max(flag.LastExposure, e.ReceivedAt.UtcTicks);
        cell.Exposures++;
        environment.Expose(e.UnitHash, flag, new Met(e.Time.UtcTicks, cell), _settledTicks);
        return Folded.Counted;
    }

    private Folded Count(MetricEvent e)
    {
        var environment = Environment(e.Environment);
        if (!e.IsRequest)
        {
            if (!environment.TryName(e.Name, out var name))
                return Folded.OverLimit;
            environment.Convert(e.UnitHash, name, e.Time.UtcTicks, e.ReceivedAt.UtcTicks);
            return Folded.Counted;
        }

        var sample = new RequestSample(e.Time.UtcTicks, e.DurationMicroseconds ?? -1, e.Failed ?? false);
        if (e.Flags is { } evaluated)
            return Count(environment, e, sample, evaluated);
        environment.Request(e.UnitHash, sample, e.ReceivedAt.UtcTicks, _settledTicks);
        return Folded.Counted;
    }

    private Folded Count(EnvironmentCells environment, MetricEvent e, RequestSample sample, IReadOnlyList<EvaluatedFlag> evaluated)
    {
        var folded = Folded.Counted;
        foreach (var (key, variant, version) in evaluated)
        {
            if (environment.TryOpen(key, version, variant, out var flag, out var cell))
            {
                flag.LastEvent = Math.Max(flag.LastEvent, e.ReceivedAt.UtcTicks);
                cell.AddForGood(e.UnitHash, sample, _memory);
            }
            else
            {
                folded = Folded.OverLimit;
            }
        }

        return folded;
    }

    private EnvironmentCells Environment(string key)
    {
        if (!_environments.TryGetValue(key, out var environment))
            _environments.Add(key, environment = new EnvironmentCells(Limits, _memory));
        return environment;
    }

    private Folded? Timely(DateTimeOffset time, DateTimeOffset receivedAt) =>
        receivedAt - time > Limits.Lateness ? Folded.TooLate
        : time - receivedAt > Limits.ClockAhead ? Folded.FromTheFuture
        : null;

    private static DateTimeOffset? Moment(long ticks) => ticks == 0 ? null : new DateTimeOffset(ticks, TimeSpan.Zero);
}
