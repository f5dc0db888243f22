using Marten;
using Mediator;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Delivery.Rollouts;

/// <summary>Looks at every rollout that is watched, over and over. It keeps no state of its own: a restart goes on where it was.</summary>
internal sealed partial class Conductor(
    IDocumentStore store, Watch watch, LookBook book, IOptions<RolloutOptions> options, TimeProvider time, ILogger<Conductor> logger)
    : BackgroundService
{
    private readonly SemaphoreSlim _one = new(1, 1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.Value.LookEverySeconds), time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await LookAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogRoundFailed(e);
            }
        }
    }

    /// <summary>Looks once at each rollout that is watched.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            await using var session = store.QuerySession();
            foreach (var rollout in await session.Query<Rollout>().Where(r => r.Watched).ToListAsync(cancellationToken))
                await LookAsync(rollout, cancellationToken);
            book.Forget(time.GetUtcNow());
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Looks at the flag of its live rollouts.</summary>
    public async Task LookAtFlagAsync(string flag, CancellationToken cancellationToken)
    {
        await using var session = store.QuerySession();
        foreach (var rollout in await session.Query<Rollout>().Where(r => r.Watched && r.Plan.Flag == flag).ToListAsync(cancellationToken))
            await watch.LookAtFlagAsync(rollout, cancellationToken);
    }

    public override void Dispose()
    {
        _one.Dispose();
        base.Dispose();
    }

    private async Task LookAsync(Rollout rollout, CancellationToken cancellationToken)
    {
        try
        {
            await watch.LookAsync(rollout, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(rollout.Key, e);
        }
    }

    [LoggerMessage(5020, LogLevel.Error, "The watched rollouts could not be read; the next round tries again")]
    private partial void LogRoundFailed(Exception exception);

    [LoggerMessage(5021, LogLevel.Error, "Rollout {Rollout}: a round failed; the next one tries again")]
    private partial void LogFailed(string rollout, Exception exception);
}

/// <summary>A flag changed: see whether its releases are still there.</summary>
internal sealed record LookAtFlag(string Flag) : IRequest;

internal sealed class LookAtFlagHandler(Conductor conductor) : IRequestHandler<LookAtFlag>
{
    public async ValueTask<Unit> Handle(LookAtFlag request, CancellationToken cancellationToken)
    {
        await conductor.LookAtFlagAsync(request.Flag, cancellationToken);
        return Unit.Value;
    }
}
