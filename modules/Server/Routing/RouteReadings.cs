using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using Delivery.Contracts.Metrics;
using Delivery.Contracts.Routing;
using Delivery.Plugins.Host;
using Delivery.Plugins.Measuring;

namespace Delivery.Server.Routing;

/// <summary>
/// Asks metric sources for routes' numbers in the background, and remembers what they answered: who looks waits a moment, never for
/// one that hangs.
/// </summary>
internal sealed class RouteReadings(PluginHost plugins, IConfiguration configuration, TimeProvider time)
{
    /// <summary>How often a source is asked for a route that is looked at, in seconds, 0.1 to 3,600; default 1.</summary>
    private const string Setting = "Delivery:Routing:AskEverySeconds";

    /// <summary>How long a look waits for an answer that has just been asked for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    /// <summary>A window that ended so long ago gets no more samples.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, RouteReading> _readings = new();
    private readonly TimeSpan _every = TimeSpan.FromSeconds(Math.Clamp(configuration.GetValue(Setting, 1.0), 0.1, 3_600));

    public async Task<ReleaseHealth> ReadAsync(GetRouteHealth query, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        foreach (var (key, old) in _readings.Where(r => r.Value.UsedAt < now - Kept))
            _readings.TryRemove(KeyValuePair.Create(key, old));
        var reading = _readings.GetOrAdd(KeyOf(query), _ => new RouteReading(query.Source, now));
        if (reading.Ask(now, _every, last => AskAsync(query, last, now)) is { } asked)
            await Task.WhenAny(asked, Task.Delay(Patience, time, cancellationToken));
        return reading.Health(time.GetUtcNow());
    }

    private static string KeyOf(GetRouteHealth query) =>
        string.Join('\n', query.Source, query.Route, query.Stable, query.Canary, query.Errors, query.Latency, query.Windows[0].Version, query.Windows[0].From.ToString("O", CultureInfo.InvariantCulture));

    private async Task<RouteNumbers> AskAsync(GetRouteHealth query, RouteNumbers last, DateTimeOffset now)
    {
        if (plugins.Source(query.Source) is not { } source)
            return last with { Outcome = SourceOutcome.Error, Why = "it is not there" };
        var epochs = ImmutableSortedDictionary.CreateBuilder<long, EpochNumbers>();
        var numbers = last;
        string? failed = null;
        foreach (var window in query.Windows)
        {
            if (last.Epochs.TryGetValue(window.Version, out var known) && known.Final)
            {
                epochs[window.Version] = known;
                continue;
            }

            var errors = AskAsync(source, query, query.Errors, window, now);
            var latency = query.Latency is null ? Task.FromResult(Answer.None) : AskAsync(source, query, query.Latency, window, now);
            numbers = Joined(numbers, query, window, await errors, await latency, now);
            if (numbers.Epochs.TryGetValue(window.Version, out var epoch))
                epochs[window.Version] = epoch;
            if (numbers.Outcome == SourceOutcome.Error)
                failed ??= numbers.Why;
        }

        numbers = numbers with { Epochs = epochs.ToImmutable() };
        return failed is null ? numbers : numbers with { Outcome = SourceOutcome.Error, Why = failed };
    }

    /// <summary>What one window's answers add. What failed keeps the numbers there were: their times say how old they are.</summary>
    private static RouteNumbers Joined(RouteNumbers last, GetRouteHealth query, RouteWindow window, Answer errors, Answer latency, DateTimeOffset now)
    {
        var worse = latency.Outcome > errors.Outcome ? latency : errors;
        if (errors.Outcome == SourceOutcome.Error || (worse.Outcome == SourceOutcome.Error && last.Epochs.ContainsKey(window.Version)))
            return last with { Outcome = worse.Outcome, Why = worse.Why };
        var epoch = new EpochHealth(window.Version, RouteArms.Of(query.Canary, errors.Reading, latency.Reading), RouteArms.Of(query.Stable, errors.Reading, latency.Reading));
        var final = window.To is { } to && now - to > Settling && worse.Outcome != SourceOutcome.Error;
        return new RouteNumbers(
            last.Epochs.SetItem(window.Version, new EpochNumbers(epoch, final)),
            errors.Reading?.Arms.FirstOrDefault(a => a.Arm == query.Canary)?.LastSampleAt ?? last.CanarySeenAt,
            errors.Reading?.Watermark ?? last.CompleteUpTo,
            worse.Outcome,
            worse.Why);
    }

    private static async Task<Answer> AskAsync(IMetricSource source, GetRouteHealth query, string metric, RouteWindow window, DateTimeOffset now)
    {
        ImmutableArray<string> arms = window.HasControl ? [query.Stable, query.Canary] : [query.Canary];
        if ((window.To ?? now) <= window.From)
            return new Answer(SourceOutcome.NoData, null, "the stage has only just begun");
        return await source.QueryAsync(new MetricQuery(metric, query.Route, arms, window.From, window.To ?? now), CancellationToken.None) switch
        {
            MetricAnswer.Ok ok => new Answer(SourceOutcome.Ok, ok.Reading, null),
            MetricAnswer.Partial partial => new Answer(SourceOutcome.Partial, partial.Reading, $"{metric}: {partial.Why}"),
            MetricAnswer.Stale stale => new Answer(SourceOutcome.Stale, stale.Reading, string.Create(CultureInfo.InvariantCulture, $"{metric}: the newest is {stale.Age.TotalSeconds:0} s old")),
            MetricAnswer.NoData none => new Answer(SourceOutcome.NoData, null, $"{metric}: {none.Why}"),
            MetricAnswer.Error error => new Answer(SourceOutcome.Error, null, $"{metric}: {error.Reason.Kind}: {error.Reason.Message}"),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private sealed record Answer(SourceOutcome Outcome, MetricReading? Reading, string? Why)
    {
        public static Answer None { get; } = new(SourceOutcome.Ok, null, null);
    }
}

/// <summary>What a source answered last about a route.</summary>
/// <param name="Epochs">By the route's version.</param>
/// <param name="CanarySeenAt">The canary's newest sample.</param>
/// <param name="CompleteUpTo">Everything before is counted.</param>
/// <param name="Outcome">Of the present stage; an error of any stage that may still change.</param>
/// <param name="Why">Null when all is well.</param>
internal sealed record RouteNumbers(
    ImmutableSortedDictionary<long, EpochNumbers> Epochs, DateTimeOffset? CanarySeenAt, DateTimeOffset CompleteUpTo, SourceOutcome Outcome, string? Why);

/// <summary>A stage's numbers.</summary>
/// <param name="Health">Both arms.</param>
/// <param name="Final">Whether they change no more.</param>
internal sealed record EpochNumbers(EpochHealth Health, bool Final);

/// <summary>One question that is asked over and over, one at a time.</summary>
internal sealed class RouteReading(string source, DateTimeOffset since)
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private RouteNumbers _last = new(ImmutableSortedDictionary<long, EpochNumbers>.Empty, null, DateTimeOffset.MinValue, SourceOutcome.Silent, "it was not asked before");
    private DateTimeOffset _since = since;
    private DateTimeOffset? _askedAt;
    private Task? _asking;

    public DateTimeOffset UsedAt { get; private set; } = since;

    /// <summary>Asks when it is time and nothing is under way; null when there is nothing new to wait for.</summary>
    public Task? Ask(DateTimeOffset now, TimeSpan every, Func<RouteNumbers, Task<RouteNumbers>> ask)
    {
        lock (_lock)
        {
            UsedAt = now;
            if (_asking is { IsCompleted: false } || now - _askedAt < every)
                return null;
            _askedAt = now;
            return _asking = Task.Run(() => NoteAsync(ask, now), CancellationToken.None);
        }
    }

    public ReleaseHealth Health(DateTimeOffset now)
    {
        lock (_lock)
        {
            var hangs = _asking is { IsCompleted: false } && now - _askedAt > Silence;
            var standing = hangs && _last.Outcome != SourceOutcome.Silent
                ? new SourceStanding(source, SourceOutcome.Silent, null, _last.Outcome == SourceOutcome.Ok ? _askedAt!.Value : _since)
                : new SourceStanding(source, _last.Outcome, _last.Why, _since);
            return new ReleaseHealth([.. _last.Epochs.Values.Select(e => e.Health)], _last.CanarySeenAt, _last.CanarySeenAt, null, _last.CompleteUpTo) { Source = standing };
        }
    }

    private async Task NoteAsync(Func<RouteNumbers, Task<RouteNumbers>> ask, DateTimeOffset now)
    {
        RouteNumbers numbers;
        try
        {
            numbers = await ask(_last);
        }
        catch (Exception e)
        {
            numbers = _last with { Outcome = SourceOutcome.Error, Why = e.Message };
        }

        lock (_lock)
        {
            if ((numbers.Outcome == SourceOutcome.Ok) != (_last.Outcome == SourceOutcome.Ok))
                _since = now;
            _last = numbers;
        }
    }
}
