using System.Collections.Concurrent;
using Delivery.Contracts.Exposures;
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
internal sealed class MomentBook(
    IExposureFeed exposures, SegmentLog<MetricEvent> events, IOptions<FoldLimits> limits, IOptions<MomentOptions> options, TimeProvider time, ILogger<LiveMoments> logger)
    : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, FollowedEnvironment> _environments = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _restored = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The followed questions.</summary>
    public IReadOnlyList<GetMoments> Open => [.. _environments.Values.SelectMany(environment => environment.Open())];

    public IReadOnlyCollection<FollowedEnvironment> Environments => [.. _environments.Values];

    public async Task<MetricMoments> ReadAsync(GetMoments question, CancellationToken cancellationToken)
    {
        await _restored.Task.WaitAsync(cancellationToken);
        var at = time.GetUtcNow();
        var head = await HeadAsync(cancellationToken);
        if (question.Trial)
            return await TryAsync(question, at, head, cancellationToken);
        while (true)
        {
            var live = await FollowAsync(question, at).WaitAsync(cancellationToken);
            try
            {
                await live.ReachAsync(head, cancellationToken);
                live.Observed(at, head.Exposures);
                return live.Read(question, at);
            }
            catch (ObjectDisposedException)
            {
                // Another question had the fold made anew meanwhile; the new one answers both.
            }
        }
    }

    /// <summary>A fold from a snapshot, before the first question.</summary>
    public void Restore(MomentFold fold, MomentPositions at)
    {
        var environment = Of(fold.Environment);
        environment.Restored(fold.Followed, time.GetUtcNow());
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
            var next = await MakeAsync(new MomentFold(question.Environment, environment.Wanted(now), limits.Value));
            var former = environment.Live;
            (environment.Live, environment.SnapshotAt) = (next, 0);
            if (former is not null)
                await former.DisposeAsync();
            return next;
        }
        finally
        {
            environment.Turn.Release();
        }
    }

    private async Task<LiveMoments> MakeAsync(MomentFold fold)
    {
        var live = Start(fold, default);
        try
        {
            await live.ReachAsync(await HeadAsync(CancellationToken.None), CancellationToken.None);
            return live;
        }
        catch
        {
            await live.DisposeAsync();
            throw;
        }
    }

    private async Task<MetricMoments> TryAsync(GetMoments question, DateTimeOffset at, MomentPositions head, CancellationToken cancellationToken)
    {
        var followed = new FollowedFlag(question.Flag, question.FromVersion, question.Metrics);
        await using var live = Start(new MomentFold(question.Environment, [followed], limits.Value), default);
        await live.ReachAsync(head, cancellationToken);
        return live.Read(question, at);
    }

    private static LiveMoments? Answers(FollowedEnvironment environment, GetMoments question) =>
        environment.Live is { IsBroken: false } live && live.Covers(question) ? live : null;

    private LiveMoments Start(MomentFold fold, MomentPositions at)
    {
        var live = new LiveMoments(fold, at, exposures, events, time, logger);
        live.Start();
        return live;
    }

    private FollowedEnvironment Of(string environment) => _environments.GetOrAdd(environment, _ => new FollowedEnvironment(options.Value));
}
