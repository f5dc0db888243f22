using System.Globalization;
using Delivery.Contracts.Commands;
using Delivery.Targeting.Changes;
using Mediator;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Delivery.Targeting.Scheduling;

/// <summary>
/// Makes scheduled changes when their time has come. It keeps nothing in memory: each second it asks the database what is
/// due, so that a change whose time passed while no server ran is made at the start, and says how late it is.
/// </summary>
internal sealed partial class ScheduleClock(IServiceScopeFactory scopes, TimeProvider time, ILogger<ScheduleClock> logger) : BackgroundService
{
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <summary>From this on the record says that it is late.</summary>
    private static readonly TimeSpan WorthSaying = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _one = new(1, 1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await ApplyDueAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e);
            }
        }
    }

    /// <summary>Makes what is due, in order.</summary>
    public async Task ApplyDueAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var now = time.GetUtcNow();
            foreach (var change in (await PendingAsync(cancellationToken)).Where(change => change.At <= now))
                await ApplyAsync(change, now, cancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }

    public override void Dispose()
    {
        _one.Dispose();
        base.Dispose();
    }

    private async Task<IReadOnlyList<ScheduledChange>> PendingAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<Forecast>().PendingAsync(cancellationToken);
    }

    private async Task ApplyAsync(ScheduledChange change, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var audit = Audit.Platform("schedule", change.CorrelationId ?? change.Key, change.Id, Why(change, now));
        var outcome = await scope.ServiceProvider.GetRequiredService<ISender>().Send(new ApplyScheduledChange(audit, change.Key), cancellationToken);
        if (outcome is not Outcome.Done)
            LogNotNow(change.Key, outcome);
    }

    private static string Why(ScheduledChange change, DateTimeOffset now)
    {
        var late = now - change.At;
        var words = $"{change.ScheduledBy} scheduled it for {Sentences.Time(change.At)}";
        if (late >= WorthSaying)
            words += string.Create(CultureInfo.InvariantCulture, $"; {late.TotalMinutes:0} min late, no server ran at its time");
        return change.Comment is null ? words : $"{words}: {change.Comment}"[..Math.Min(2_000, words.Length + 2 + change.Comment.Length)];
    }

    [LoggerMessage(2030, LogLevel.Error, "What is due could not be made; the next second tries again.")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(2031, LogLevel.Warning, "The scheduled change {Key} could not be made now ({Outcome}); the next second tries again.")]
    private partial void LogNotNow(string key, Outcome outcome);
}
