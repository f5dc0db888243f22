using System.Collections.Concurrent;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Metrics;
using Delivery.Contracts.Targeting;
using Mediator;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Delivery.Rollouts;

/// <summary>One look at a rollout: what its flag and its numbers say, the decision, and its record.</summary>
internal sealed partial class Watch(IServiceScopeFactory scopes, LookBook book, FlagInLine line, TimeProvider time, ILogger<Watch> logger)
{
    private readonly DateTimeOffset _since = time.GetUtcNow();
    private readonly ConcurrentDictionary<string, DateTimeOffset> _seen = new();

    public async Task LookAsync(Rollout rollout, CancellationToken cancellationToken)
    {
        if (!rollout.Live || !rollout.IsOpen)
            await line.BringAsync(rollout.Key, cancellationToken);
        if (!rollout.Live)
            return;
        if ((rollout.Plan.Route is null && await LookAtFlagAsync(rollout, cancellationToken)) || !rollout.IsOpen)
            return;
        var sight = await SeeAsync(rollout, cancellationToken);
        await RecordAsync(rollout, Conducting.Decide(rollout, sight, time.GetUtcNow()), cancellationToken);
    }

    /// <summary>Whether the rollout ended because its flag does not show it any more.</summary>
    public async Task<bool> LookAtFlagAsync(Rollout rollout, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var flag = await scope.ServiceProvider.GetRequiredService<ISender>()
            .Send(new FindFlag(rollout.Plan.Flag, rollout.Plan.Environment), cancellationToken);
        var verdict = Conducting.Decide(rollout, flag);
        await RecordAsync(rollout, verdict, cancellationToken);
        return verdict.Event is not null;
    }

    private async Task<Sight> SeeAsync(Rollout rollout, CancellationToken cancellationToken)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var plan = rollout.Plan;
            var sender = scope.ServiceProvider.GetRequiredService<ISender>();
            var health = plan.Route is not null
                ? await sender.Send(RouteInLine.Health(rollout), cancellationToken)
                : await sender.Send(new GetReleaseHealth(plan.Environment, plan.Flag, plan.Variant, rollout.OpenedVersions[0]), cancellationToken);
            var now = time.GetUtcNow();
            var assessment = Assessment.Of(rollout, health, now);
            _seen[rollout.Key] = now;
            book.Note(rollout.Key, assessment);
            return new Sight.Seen(assessment, _since);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogLookFailed(rollout.Key, e);
            return new Sight.Failed(e.Message, _seen.GetValueOrDefault(rollout.Key, _since));
        }
    }

    private async Task RecordAsync(Rollout rollout, Verdict verdict, CancellationToken cancellationToken)
    {
        if (verdict.Event is null)
            return;
        var audit = Audits.Platform(verdict.By, rollout, Sentences.Why(verdict.Event)) with { ExpectedVersion = rollout.Version };
        await using var scope = scopes.CreateAsyncScope();
        var outcome = await scope.ServiceProvider.GetRequiredService<ISender>()
            .Send(new RecordVerdict(audit, rollout.Key, verdict.Event), cancellationToken);
        if (outcome is Outcome.Done { Changed: true })
            Tell(rollout, verdict.Event);
    }

    private void Tell(Rollout rollout, object @event)
    {
        switch (@event)
        {
            case RolloutAborted e:
                LogAborted(rollout.Key, rollout.Plan.Variant, rollout.Plan.Flag, rollout.Plan.Environment, rollout.Present?.ExposurePercent ?? 0, e.Reason);
                break;
            case StageEntered e:
                LogEntered(rollout.Key, e.Name, e.Because?.SecondsOpen, e.Because?.Exposures, Sentences.Number(e.Because?.EValue));
                break;
            case RolloutCompleted e:
                LogCompleted(rollout.Key, rollout.Present?.ExposurePercent ?? 0, e.Because.SecondsOpen, e.Because.Exposures, Sentences.Number(e.Because.EValue));
                break;
            case RolloutHeld e:
                LogHeld(rollout.Key, e.Reason);
                break;
            case RolloutSawAgain:
                LogSawAgain(rollout.Key);
                break;
            case ApprovalAsked e:
                LogAsked(rollout.Key, e.Name);
                break;
        }
    }

    [LoggerMessage(5010, LogLevel.Information, "Rollout {Rollout} ABORTED: '{Variant}' of flag {Flag} in {Environment}, at {ExposurePercent} %. {Reason}")]
    private partial void LogAborted(string rollout, string variant, string flag, string environment, double exposurePercent, string reason);

    [LoggerMessage(5011, LogLevel.Information, "Rollout {Rollout}: enters stage '{Stage}' after {Seconds:0} s and {Exposures} exposures in the stage before; breaker e-value {EValue}")]
    private partial void LogEntered(string rollout, string stage, double? seconds, long? exposures, string eValue);

    [LoggerMessage(5012, LogLevel.Information, "Rollout {Rollout} COMPLETED at {ExposurePercent} %: last stage held {Seconds:0} s and {Exposures} exposures; breaker e-value {EValue}")]
    private partial void LogCompleted(string rollout, double exposurePercent, double seconds, long exposures, string eValue);

    [LoggerMessage(5013, LogLevel.Information, "Rollout {Rollout} holds. {Reason}")]
    private partial void LogHeld(string rollout, string reason);

    [LoggerMessage(5014, LogLevel.Information, "Rollout {Rollout} sees again and goes on")]
    private partial void LogSawAgain(string rollout);

    [LoggerMessage(5015, LogLevel.Information, "Rollout {Rollout}: stage '{Stage}' met its gate and waits for a person's approval")]
    private partial void LogAsked(string rollout, string stage);

    [LoggerMessage(5016, LogLevel.Warning, "Rollout {Rollout} could not be looked at; it does not go on")]
    private partial void LogLookFailed(string rollout, Exception exception);
}
