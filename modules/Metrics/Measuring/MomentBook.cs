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
            return (await TryAsync(question, at, head, cancellationToken), Of(question.Environment).Limits);
        while (true)
        {
            var live = await FollowAsync(question, at).WaitAsync(cancellationToken);
            try
            {
                await live.ReachAsync(head, cancellationToken);
                live.Observed(at, head.Exposures);
                return (live.Read(question, at), live.Limits);
            }
            catch (Exception e) when (e is ObjectDisposedException or FoldTooLarge)
            {
                // Another question had the fold made anew meanwhile, or it is to be made within shorter limits; the new one answers.
            }
        }
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
        foreach (var environment in _environments.Values)
        {
            if (environment.Live is { } live)
                await live.DisposeAsync();
        }
    }

    /// <summary>Not bound to the caller's patience: what was begun for one serves the next.</summary>
    private async Task<LiveMoments> FollowAsync(GetMoments question, DateTimeOffset now)
    {
        var environment = Of(question.Environment);
        environment.Ask(question, now);
        if (Answers(environment, question) is { } known)
            return known;
        await environment.Turn.WaitAsync();
        try
        {
            if (Answers(environment, question) is { } made)
                return made;
            return await MakeAsync(question.Environment, environment, now);
        }
        finally
        {
            environment.Turn.Release();
        }
    }

    /// <summary>Makes a fold that outgrew its memory anew within shorter limits, before anybody asks. Nothing where it did not.</summary>
    public async Task ShortenAsync(FollowedEnvironment environment)
    {
        if (environment.Live?.TooLargeAt is null || !await environment.Turn.WaitAsync(TimeSpan.Zero))
            return;
        try
        {
            if (environment.Live is { TooLargeAt: not null } live)
                await MakeAsync(live.Environment, environment, time.GetUtcNow());
        }
        catch (Unavailable)
        {
            // Whoever asks is told.
        }
        finally
        {
            environment.Turn.Release();
        }
    }

    /// <summary>Makes the environment's fold from the first row, within shorter limits as often as it takes too much memory.</summary>
    private async Task<LiveMoments> MakeAsync(string key, FollowedEnvironment environment, DateTimeOffset now)
    {
        if (environment.Live is { TooLargeAt: { } span } large)
        {
            await large.DisposeAsync();
            environment.Live = null;
            Shorten(key, environment, span);
        }

        while (true)
        {
            var next = Start(new MomentFold(key, environment.Wanted(now), environment.Limits), default);
            try
            {
                await next.ReachAsync(await HeadAsync(CancellationToken.None), CancellationToken.None);
                var former = environment.Live;
                (environment.Live, environment.SnapshotAt) = (next, 0);
                if (former is not null)
                    await former.DisposeAsync();
                return next;
            }
            catch (FoldTooLarge tooLarge)
            {
                await next.DisposeAsync();
                Shorten(key, environment, tooLarge.Span);
            }
            catch
            {
                await next.DisposeAsync();
                throw;
            }
        }
    }

    private void Shorten(string key, FollowedEnvironment environment, TimeSpan span)
    {
        var former = environment.Limits;
        if (former.IsShortest)
        {
            throw new Unavailable(
                "moments-too-large",
                $"The moments of '{key}' need more memory than Metrics:Fold:MostBytes ({former.MostBytes}) even of the last minute's rows alone. Follow fewer flags, or give them more.");
        }

        environment.Limits = former.Shortened(span / 2);
        LogShortened(key, former.MostBytes, environment.Limits.Lateness, environment.Limits.ClockAhead, environment.Limits.History);
    }

    private async Task<MetricMoments> TryAsync(GetMoments question, DateTimeOffset at, MomentPositions head, CancellationToken cancellationToken)
    {
        var followed = new FollowedFlag(question.Flag, question.FromVersion, question.Metrics);
        var within = Of(question.Environment).Limits;
        await using var live = Start(new MomentFold(question.Environment, [followed], within), default);
        try
        {
            await live.ReachAsync(head, cancellationToken);
        }
        catch (FoldTooLarge)
        {
            throw new Unavailable("moments-too-large", $"To try the metric on all rows of '{question.Environment}' needs more memory than is left of Metrics:Fold:MostBytes ({within.MostBytes}).");
        }

        return live.Read(question, at);
    }

    private static LiveMoments? Answers(FollowedEnvironment environment, GetMoments question) =>
        environment.Live is { IsBroken: false } live && live.Covers(question) ? live : null;

    private LiveMoments Start(MomentFold fold, MomentPositions at)
    {
        var live = new LiveMoments(fold, at, exposures, events, memory, time, logger);
        live.Start();
        return live;
    }

    private FollowedEnvironment Of(string environment) => _environments.GetOrAdd(environment, _ => new FollowedEnvironment(options.Value, limits.Value));

    [LoggerMessage(5019, LogLevel.Warning, "The moments of '{Environment}' outgrew {MostBytes} bytes (Metrics:Fold:MostBytes): they are folded again, and count rows that come in up to {Lateness} late and {ClockAhead} early; covariates are of the {History} before exposure.")]
    private partial void LogShortened(string environment, long mostBytes, TimeSpan lateness, TimeSpan clockAhead, TimeSpan history);
}
