using System.Collections.Concurrent;
using Delivery.Contracts.Exposures;
using Delivery.Contracts.Http;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Events;
using Delivery.Metrics.Folding;
using Delivery.Metrics.Health;
using Delivery.Segments;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Delivery.Metrics.Measuring;

/// <summary>
/// The moments that are followed, one fold for each environment. A question that its fold covers is answered from memory at
/// the head of both logs. Another one has the fold made anew with it, from the first row, while the present one goes on.
/// </summary>
internal sealed partial class MomentBook(
    IExposureFeed exposures, SegmentLog<MetricEvent> events, MomentMemory memory, IOptions<FoldLimits> limits, IOptions<MomentOptions> options, TimeProvider time,
    ILogger<LiveMoments> logger)
    : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, FollowedEnvironment> _environments = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _restored = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The followed questions.</summary>
    public IReadOnlyList<GetMoments> Open => [.. _environments.Values.SelectMany(environment => environment.Open())];

    public IReadOnlyCollection<FollowedEnvironment> Environments => [.. _environments.Values];

    public async Task<MetricMoments> ReadAsync(GetMoments question, CancellationToken cancellationToken) =>
        (await ReadWithLimitsAsync(question, cancellationToken)).Moments;

    /// <summary>The moments, and the limits within which rows were counted.</summary>
    public async Task<(MetricMoments Moments, FoldLimits Limits)> ReadWithLimitsAsync(GetMoments question, CancellationToken cancellationToken)
    {
        await _restored.Task.WaitAsync(cancellationToken);
        var at = time.GetUtcNow();
        var head = await HeadAsync(cancellationToken);
        if (question.Trial)
            return await TryAsync(question, at, head, cancellationToken);
        while (true)
        {
            var live = await FollowAsync(question, at).WaitAsync(cancellationToken);
            if (await ReachedAsync(live, question, at, head, cancellationToken) is { } read)
                return (read, live.Limits);
        }
    }

    /// <summary>The same of a fold that answers already, without a note that it was asked for; null when there is none.</summary>
    public async Task<(MetricMoments Moments, FoldLimits Limits)?> LookAsync(GetMoments question, CancellationToken cancellationToken)
    {
        var at = time.GetUtcNow();
        var head = await HeadAsync(cancellationToken);
        return Answers(Of(question.Environment), question) is { } live && await ReachedAsync(live, question, at, head, cancellationToken) is { } read ? (read, live.Limits) : null;
    }

    /// <summary>A fold from a snapshot, before the first question.</summary>
    public void Restore(MomentFold fold, MomentPositions at)
    {
        var environment = Of(fold.Environment);
        environment.Restored(fold.Followed, time.GetUtcNow());
        environment.Limits = fold.Limits;
        environment.Live = Start(fold, at);
    }

    /// <summary>All snapshots there are were taken; questions may come.</summary>
    public void Ready() => _restored.TrySetResult();

    public async Task<MomentPositions> HeadAsync(CancellationToken cancellationToken) =>
        new(await exposures.HeadAsync(cancellationToken), (await events.HeadAsync(cancellationToken)).Position);

    public async ValueTask DisposeAsync()
    {
        foreach (var fold in memory.Folds)
            await fold.DisposeAsync();
    }

    /// <summary>Null when another question had the fold made anew meanwhile, or it is to be made within shorter limits: the new one answers.</summary>
    private static async Task<MetricMoments?> ReachedAsync(LiveMoments live, GetMoments question, DateTimeOffset at, MomentPositions head, CancellationToken cancellationToken)
    {
        try
        {
            await live.ReachAsync(head, cancellationToken);
        }
        catch (Exception e) when (e is ObjectDisposedException or FoldTooLarge)
        {
            return null;
        }

        live.Observed(at, head.Exposures);
        return live.Read(question, at);
    }

    /// <summary>Not bound to the caller's patience: what was begun for one serves the next.</summary>
    private async Task<LiveMoments> FollowAsync(GetMoments question, DateTimeOffset now)
    {
        var environment = Of(question.Environment);
        if (environment.Refusal(question, now) is { } before)
            throw before;
        environment.Ask(question, now);
        if (Answers(environment, question) is { } known)
            return known;
        await environment.Turn.WaitAsync();
        try
        {
            if (Answers(environment, question) is { } made)
                return made;
            if (environment.Refusal(question, now) is { } meanwhile)
                throw meanwhile;
            return await MakeAsync(question.Environment, environment, now);
        }
        catch (Unavailable refusal)
        {
            environment.Refuse(question, refusal, time.GetUtcNow());
            throw;
        }
        finally
        {
            environment.Turn.Release();
        }
    }

    /// <summary>Makes a fold that outgrew its memory anew within shorter limits, before anybody asks. Nothing where it did not; it never fails.</summary>
    public async Task ShortenAsync(FollowedEnvironment environment)
    {
        if (environment.Live?.TooLarge is null || !await environment.Turn.WaitAsync(TimeSpan.Zero))
            return;
        try
        {
            if (environment.Live is { TooLarge: not null } live)
                await MakeAsync(live.Environment, environment, time.GetUtcNow());
        }
        catch (Exception e)
        {
            // Whoever asks has it tried again, and is told.
            LogNotShortened(e);
        }
        finally
        {
            environment.Turn.Release();
        }
    }

    /// <summary>
    /// Makes the environment's fold from the first row. Where it takes too much memory, the one that goes on answering meanwhile gives up
    /// its part; and when that is not enough, limits are shortened, as often as it takes.
    /// </summary>
    private async Task<LiveMoments> MakeAsync(string key, FollowedEnvironment environment, DateTimeOffset now)
    {
        var within = environment.Limits;
        if (environment.Live is { TooLarge: { } outgrown } large)
        {
            environment.Live = null;
            await large.DisposeAsync();
            within = Shorter(key, outgrown, within);
        }

        while (true)
        {
            var next = Start(new MomentFold(key, environment.Wanted(now), within), default);
            try
            {
                await next.ReachAsync(await HeadAsync(CancellationToken.None), CancellationToken.None);
                var former = environment.Live;
                (environment.Live, environment.SnapshotAt, environment.Limits) = (next, 0, within);
                if (former is not null)
                    await former.DisposeAsync();
                return next;
            }
            catch (FoldTooLarge tooLarge)
            {
                await next.DisposeAsync();
                if (environment.Live is { } former)
                {
                    environment.Live = null;
                    await former.DisposeAsync();
                }
                else
                {
                    within = Shorter(key, tooLarge, within);
                }
            }
            catch
            {
                await next.DisposeAsync();
                throw;
            }
        }
    }

    private FoldLimits Shorter(string key, FoldTooLarge tooLarge, FoldLimits than)
    {
        if (tooLarge.Shorter is not { } shorter)
        {
            throw new Unavailable(
                "moments-too-large",
                $"The moments of '{key}' need more memory than Metrics:Fold:MostBytes ({than.MostBytes}), for their units alone or of the last minute's rows. Ask for fewer metrics, or give them more.");
        }

        LogShortened(key, than.MostBytes, shorter.Lateness, shorter.ClockAhead, shorter.History);
        return shorter;
    }

    private async Task<(MetricMoments Moments, FoldLimits Limits)> TryAsync(GetMoments question, DateTimeOffset at, MomentPositions head, CancellationToken cancellationToken)
    {
        var followed = new FollowedFlag(question.Flag, question.FromVersion, question.Metrics);
        var within = Of(question.Environment).Limits;
        await using var live = Start(new MomentFold(question.Environment, [followed], within), default, isPassing: true);
        return await ReachedAsync(live, question, at, head, cancellationToken) is { } read
            ? (read, within)
            : throw new Unavailable("moments-too-large", $"To try the metric on all rows of '{question.Environment}' needs more memory than is left of Metrics:Fold:MostBytes ({within.MostBytes}).");
    }

    private static LiveMoments? Answers(FollowedEnvironment environment, GetMoments question) =>
        environment.Live is { IsBroken: false } live && live.Covers(question) ? live : null;

    private LiveMoments Start(MomentFold fold, MomentPositions at, bool isPassing = false)
    {
        var live = new LiveMoments(fold, at, exposures, events, memory, time, logger, isPassing);
        live.Start();
        return live;
    }

    private FollowedEnvironment Of(string environment) => _environments.GetOrAdd(environment, _ => new FollowedEnvironment(options.Value, limits.Value));

    [LoggerMessage(5022, LogLevel.Warning, "A fold of moments that outgrew its memory could not be made anew; the next question has it tried again.")]
    private partial void LogNotShortened(Exception exception);

    [LoggerMessage(5019, LogLevel.Warning, "The moments of '{Environment}' outgrew {MostBytes} bytes (Metrics:Fold:MostBytes): they are folded again, and count rows that come in up to {Lateness} late and {ClockAhead} early; covariates are of the {History} before exposure.")]
    private partial void LogShortened(string environment, long mostBytes, TimeSpan lateness, TimeSpan clockAhead, TimeSpan history);
}
