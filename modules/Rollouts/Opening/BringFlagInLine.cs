using Delivery.Contracts.Commands;
using Delivery.Contracts.Rollouts;
using Delivery.Contracts.Targeting;
using Mediator;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Delivery.Rollouts;

/// <summary>
/// Makes the flag show what the rollout's state asks for: opens a stage that was entered, closes a release that was aborted.
/// It looks at the state, not at the message that asks, so it may be sent any number of times, late or in any order.
/// </summary>
internal sealed record BringFlagInLine(string Rollout) : IRequest;

internal sealed class BringFlagInLineHandler(FlagInLine line) : IRequestHandler<BringFlagInLine>
{
    public async ValueTask<Unit> Handle(BringFlagInLine request, CancellationToken cancellationToken)
    {
        await line.BringAsync(request.Rollout, cancellationToken);
        return Unit.Value;
    }
}

/// <summary>
/// One rollout at a time is brought in line: a late opening can't overtake the closing that follows it.
/// </summary>
internal sealed partial class FlagInLine(IServiceScopeFactory scopes, ILogger<FlagInLine> logger)
{
    private const string Part = "conductor";
    private readonly KeyedLocks _locks = new();

    public async Task BringAsync(string key, CancellationToken cancellationToken)
    {
        using var held = await _locks.EnterAsync(key, cancellationToken);
        if (await LoadAsync(key, cancellationToken) is not { StartedAt: not null } rollout)
            return;
        if (rollout is { Live: true, IsOpen: false })
            await OpenAsync(rollout, cancellationToken);
        else if (rollout is { Abort: not null, Closed: false })
            await CloseAsync(rollout, cancellationToken);
    }

    private async Task OpenAsync(Rollout rollout, CancellationToken cancellationToken)
    {
        var plan = rollout.Plan;
        var stage = plan.Stages[rollout.Stage];
        var audit = Audits.Platform(Part, rollout, Sentences.Text($"stage '{stage.Name}' of rollout '{plan.Key}'"));
        var opened = plan.Route is not null
            ? await OnRouteAsync(sender => RouteInLine.OpenAsync(sender, audit, rollout, cancellationToken))
            : await SendAsync(
                new OpenRelease(audit, plan.Flag, plan.Environment, plan.Key, plan.Variant, plan.UnitAttribute, plan.RingAt(rollout.Stage), stage.ExposurePpm),
                cancellationToken);
        switch (opened)
        {
            case Outcome.Done done:
                await ExpectAsync(new RecordStageOpened(audit, plan.Key, rollout.Stage, done.Version), cancellationToken);
                LogOpened(plan.Key, stage.Name, stage.ExposurePercent, done.Version);
                break;
            case Outcome.Stale:
                throw new InvalidOperationException($"The flag '{plan.Flag}' changed at the same moment; opening stage '{stage.Name}' is tried again.");
            default:
                var why = $"The flag '{plan.Flag}' can't show stage '{stage.Name}': {Reason(opened)}";
                await ExpectAsync(
                    new RecordVerdict(audit, plan.Key, new RolloutAborted(plan.Key, AbortCause.FlagGone, Part, why, null, [])), cancellationToken);
                LogRefused(plan.Key, why);
                break;
        }
    }

    private async Task CloseAsync(Rollout rollout, CancellationToken cancellationToken)
    {
        var plan = rollout.Plan;
        var audit = Audits.Platform(Part, rollout, rollout.Abort?.Reason);
        var closed = plan.Route is not null
            ? await OnRouteAsync(sender => RouteInLine.CloseAsync(sender, audit, rollout, cancellationToken))
            : await SendAsync(new CloseRelease(audit, plan.Flag, plan.Environment, plan.Key), cancellationToken);
        if (closed is not (Outcome.Done or Outcome.NotFound))
            throw new InvalidOperationException($"The release '{plan.Key}' could not be taken from the flag '{plan.Flag}' ({Reason(closed)}); it is tried again.");
        var version = (closed as Outcome.Done)?.Version;
        await ExpectAsync(new RecordRolloutClosed(audit, plan.Key, version), cancellationToken);
        LogClosed(plan.Key, plan.Flag, version);
    }

    private static string Reason(Outcome outcome) => outcome switch
    {
        Outcome.Refused r => r.Reason,
        Outcome.Invalid i => string.Join("; ", i.Errors.Select(e => $"{e.Field}: {e.Message}")),
        Outcome.NotFound n => $"There is no {n.Kind} '{n.Key}'.",
        Outcome.Forbidden => "The platform's role does not reach.",
        Outcome.Stale => "it changed at the same moment",
        Outcome.Done => "",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private async Task<Rollout?> LoadAsync(string key, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<Marten.IQuerySession>().LoadAsync<Rollout>(Rollout.Stream(key), cancellationToken);
    }

    private async Task<Outcome> SendAsync(Command command, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<ISender>().Send(command, cancellationToken);
    }

    private async Task<Outcome> OnRouteAsync(Func<ISender, Task<Outcome>> tell)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await tell(scope.ServiceProvider.GetRequiredService<ISender>());
    }

    private async Task ExpectAsync(Command command, CancellationToken cancellationToken)
    {
        if (await SendAsync(command, cancellationToken) is not Outcome.Done)
            throw new InvalidOperationException($"{command.GetType().Name} was not recorded; it is tried again.");
    }

    [LoggerMessage(5001, LogLevel.Information, "Rollout {Rollout}: stage '{Stage}' open at {ExposurePercent} % since flag version {FlagVersion}")]
    private partial void LogOpened(string rollout, string stage, double exposurePercent, long flagVersion);

    [LoggerMessage(5002, LogLevel.Information, "Rollout {Rollout}: taken from flag {Flag} at its version {FlagVersion}; nobody is exposed by it any more")]
    private partial void LogClosed(string rollout, string flag, long? flagVersion);

    [LoggerMessage(5003, LogLevel.Warning, "Rollout {Rollout} aborted: {Reason}")]
    private partial void LogRefused(string rollout, string reason);
}

/// <summary>The audit part of what the platform does about a rollout: in the conversation that its start began.</summary>
internal static class Audits
{
    public static Audit Platform(string part, Rollout rollout, string? comment = null) =>
        Audit.Platform(part, rollout.Correlation ?? rollout.Id, rollout.LastEvent.ToString(), comment);
}
