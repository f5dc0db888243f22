using Delivery.Contracts.Commands;
using Delivery.Contracts.Exposures;
using Mediator;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Delivery.Exposures.Intake.Served;

/// <summary>
/// Sees to it that nothing is lost in silence: looks at the count apart from the writer, which hangs where the database does, and
/// says so in the log when a loss begins and when it is over. The first of a day becomes an alert; where that can't be told, because the
/// database is the reason, it is tried at each look until it is.
/// </summary>
internal sealed partial class LossWatch(
    IServiceScopeFactory scopes, ServedExposures served, ServedCounts counts, IOptions<ServedOptions> options, TimeProvider time, ILogger<LossWatch> logger)
    : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private long _lostBefore;
    private long _told;
    private DateOnly? _toldOn;
    private bool _isLosing;

    /// <summary>Looks once.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        var lost = counts.Lost;
        if (lost > _lostBefore && !_isLosing)
            LogLosing(options.Value.WaitingEvaluations);
        else if (lost == _lostBefore && _isLosing)
            LogKeepsUp(lost);
        _isLosing = lost > _lostBefore;
        _lostBefore = lost;
        if (lost > _told)
            await TellAsync(lost, cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await LookAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e);
            }
        }
    }

    private async Task TellAsync(long lost, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        if (_toldOn != today)
        {
            await using var scope = scopes.CreateAsyncScope();
            var fact = new ExposuresLost(served.Source, lost, options.Value.WaitingEvaluations, now);
            var outcome = await scope.ServiceProvider.GetRequiredService<ISender>()
                .Send(new ReportLoss(Audit.Platform("served-exposures", "ledger:exposures"), fact), cancellationToken);
            if (outcome is not Outcome.Done)
                throw new InvalidOperationException($"the loss of exposures could not be told: {outcome}");
        }

        (_told, _toldOn) = (lost, today);
    }

    [LoggerMessage(3030, LogLevel.Error, "Exposures of the server's own evaluations are lost: {Waiting} wait to be written already. delivery.exposures.served counts them.")]
    private partial void LogLosing(int waiting);

    [LoggerMessage(3031, LogLevel.Warning, "Exposures of the server's own evaluations are written again as they come; {Lost} were lost since the start.")]
    private partial void LogKeepsUp(long lost);

    [LoggerMessage(3032, LogLevel.Warning, "The loss of exposures could not be told as an alert; it is tried again at the next look.")]
    private partial void LogFailed(Exception exception);
}
