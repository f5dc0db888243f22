using Delivery.Contracts.Exposures;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Events;

namespace Delivery.Metrics.Health;

/// <summary>
/// Exposures and metric events, folded to counts per (environment, flag, flag version, variant). A function of the two
/// sets of rows: order, batching, repeats and delay don't change the result. Not safe for concurrent callers.
/// </summary>
internal sealed class ReleaseFold(FoldLimits limits)
{
    private readonly Dictionary<string, EnvironmentCells> _environments = new(StringComparer.Ordinal);
    private readonly RecentIds _exposures = new(limits.Lateness + limits.ClockAhead);
    private readonly RecentIds _events = new(limits.Lateness + limits.ClockAhead);
    private readonly FoldMemory _memory = new();
    private long _exposuresReceived;
    private long _eventsReceived;
    private long _firstReceived = long.MaxValue;
    private long _shortenedAgainAfter;
    private long _thinnedAgainAfter;
    private long _settledTicks = long.MinValue;

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

    public int RememberedIds => _exposures.Count + _events.Count;

    public void Apply(RecordedExposure exposure)
    {
        Note(exposure.ReceivedAt.UtcTicks, ref _exposuresReceived);
        var folded = Timely(exposure.Time, exposure.ReceivedAt)
            ?? (!Sample.Has(exposure.UnitHash) ? Pass(exposure)
            : _exposures.Meet(exposure.Id, exposure.ReceivedAt) ? Count(exposure)
            : Folded.Repeated);
        Tally = Tally.With(folded);
    }

    public void Apply(MetricEvent metricEvent)
    {
        Note(metricEvent.ReceivedAt.UtcTicks, ref _eventsReceived);
        var folded = Timely(metricEvent.Time, metricEvent.ReceivedAt)
            ?? (!Sample.Has(metricEvent.UnitHash) ? Folded.NotSampled
            : _events.Meet(metricEvent.Id, metricEvent.ReceivedAt) ? Count(metricEvent)
            : Folded.Repeated);
        Tally = Tally.With(folded);
    }

    /// <summary>
    /// Every row received before <paramref name="receivedBefore"/> was folded, from both logs. It frees memory and changes
    /// no number: what is older than this by <see cref="FoldLimits.Lateness"/> can't be preceded by anything any more.
    /// </summary>
    public void Settle(DateTimeOffset receivedBefore) =>
        _settledTicks = Math.Max(_settledTicks, (receivedBefore - Limits.Lateness).UtcTicks);

    /// <summary>
    /// Rows are to be waited for, and ids remembered, for half of what is remembered now. What is counted stays; a row that comes in later
    /// than that is not counted, and an exposure no longer moves what its unit did before then. False while what was shortened before
    /// has not freed all that it will, and when there is nothing to shorten.
    /// </summary>
    public bool Shorten()
    {
        var received = Math.Max(_exposuresReceived, _eventsReceived);
        if (Limits.IsShortest || received < _shortenedAgainAfter || _firstReceived > received)
            return false;
        Limits = Limits.Shortened(TimeSpan.FromTicks(Math.Min(received - _firstReceived, Limits.Lateness.Ticks)));
        var span = Limits.Lateness + Limits.ClockAhead;
        _exposures.Shorten(span, _exposuresReceived);
        _events.Shorten(span, _eventsReceived);
        // Ids lie in generations of half a span, and go when all of one are old enough.
        _shortenedAgainAfter = received + (span.Ticks / 2 * 3);
        return true;
    }

    /// <summary>
    /// Half of the units are counted from now on, and nothing is remembered of the others; what they did stays counted. It frees at once what is known of
    /// units, and what is waited for once older ids go: <paramref name="sparingly"/> is false until those of the last time have gone.
    /// False when nothing was changed.
    /// </summary>
    public bool Thin(bool sparingly)
    {
        var received = Math.Max(_exposuresReceived, _eventsReceived);
        if (!Sample.CanHalve || (sparingly && received < _thinnedAgainAfter))
            return false;
        Sample = Sample.Halved();
        foreach (var environment in _environments.Values)
            environment.Keep(Sample);
        _thinnedAgainAfter = received + ((Limits.Lateness + Limits.ClockAhead).Ticks / 2 * 3);
        return true;
    }

    /// <summary>Drops flags without traffic or question for <see cref="FoldLimits.Retention"/>. Returns how many.</summary>
    public int Forget(DateTimeOffset now) =>
        _environments.Values.Sum(environment => environment.Forget((now - Limits.Retention).UtcTicks, _settledTicks));

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

    private void Note(long receivedTicks, ref long latest)
    {
        latest = Math.Max(latest, receivedTicks);
        _firstReceived = Math.Min(_firstReceived, receivedTicks);
    }

    /// <summary>There is traffic, but this unit is not counted.</summary>
    private Folded Pass(RecordedExposure e)
    {
        if (_environments.GetValueOrDefault(e.Environment)?.Find(e.Flag) is { } flag)
            flag.LastExposure = Math.Max(flag.LastExposure, e.ReceivedAt.UtcTicks);
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
