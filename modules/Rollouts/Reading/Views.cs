using Delivery.Contracts.Rollouts;

namespace Delivery.Rollouts;

/// <summary>Rollouts as people and programs see them: the state, and the last look where there is one.</summary>
internal static class Views
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(10);

    public static ReleaseView Of(Rollout r, Assessment? last, DateTimeOffset now)
    {
        var looked = last is not null && r.OpenedVersions.Count > 0;
        return new ReleaseView(
            r.Key,
            r.Plan.Flag,
            r.Plan.Environment,
            r.Plan.Variant,
            r.Owner,
            r.Status,
            r.Present?.Name,
            r.Stage,
            r.Plan.Stages.Select(s => new StageView(s.Name, s.ExposurePercent, s.Ring is not null, s.NeedsApproval)).ToList(),
            ExposurePercent(r),
            Reason(r, last, now),
            Health(r, last),
            looked ? Arm.Evidence(Arm.Sum(last!.Tallies.Select(t => t.Released))) : r.Abort?.Evidence?.Released,
            looked ? Arm.Evidence(Arm.Sum(last!.Tallies.Select(t => t.Control))) : r.Abort?.Evidence?.Control,
            Breaker(r, last),
            looked ? last!.Guardrails.Select(g => Evidences.Guardrail(g, last)).ToList() : r.LastGate?.Guardrails ?? [],
            r.Abort,
            r.PlannedAt,
            r.StartedAt,
            r.StageEnteredAt,
            r.Abort?.At ?? r.CompletedAt,
            r.Version)
        {
            Source = looked && r.Live ? last!.Health.Source : null,
        };
    }

    /// <summary>What the flag shows now: a stage that was entered but not opened yet does not count.</summary>
    private static double ExposurePercent(Rollout r) =>
        r.Abort is not null || r.OpenedVersions.Count == 0 ? 0 : r.Plan.Stages[r.OpenedVersions.Count - 1].ExposurePercent;

    private static Evidence? Breaker(Rollout r, Assessment? last) =>
        r.Abort is { Cause: AbortCause.Breaker } abort ? abort.Evidence
        : last is null || !r.Plan.Breaker.Enabled ? null
        : Evidences.Breaker(r, last, last.At);

    private static ReleaseHealthWord Health(Rollout r, Assessment? last) => r switch
    {
        { Abort: not null } => ReleaseHealthWord.Killed,
        { StartedAt: null } => ReleaseHealthWord.Unknown,
        { Blind: not null } => ReleaseHealthWord.Blind,
        { CompletedAt: not null } => ReleaseHealthWord.Healthy,
        _ when last is not { IsWhole: true } => ReleaseHealthWord.Undecided,
        _ when last.Breaker.Doubtful || last.Worse is not null => ReleaseHealthWord.Degraded,
        _ when last.Present.Released.Exposures < r.Plan.Stages[r.Stage].MinimumExposures || last.Guardrails.Any(g => g.InBurnIn) => ReleaseHealthWord.Undecided,
        _ => ReleaseHealthWord.Healthy,
    };

    private static string Reason(Rollout r, Assessment? last, DateTimeOffset now)
    {
        if (r.Abort is { } abort)
            return abort.Reason;
        if (r.CompletedAt is { } completed)
            return Sentences.Text($"All {r.Plan.Stages.Count} stages held; {r.Present!.ExposurePercent:0.####} % since {completed:yyyy-MM-dd HH:mm:ss} UTC.");
        if (r.StartedAt is null)
            return "Planned; waits for its start.";
        if (r.Blind is { } blind)
            return blind;
        var stage = r.Present!;
        if (!r.IsOpen)
            return Sentences.Text($"Stage '{stage.Name}' was entered; the flag does not show it yet.");
        var progress = Progress(r, stage, last, now);
        return r.Paused ? $"Paused at '{stage.Name}'. {progress}"
            : r.Status == RolloutStatus.Waiting ? $"Stage '{stage.Name}' met its gate and waits for a person's approval. {progress}"
            : $"Stage '{stage.Name}': {progress}";
    }

    private static string Progress(Rollout r, Stage stage, Assessment? last, DateTimeOffset now)
    {
        if (last is null || last.At < now - Fresh)
            return "not looked at yet since the platform started.";
        var e = r.Plan.Breaker.Enabled
            ? $"; e-value {Sentences.Number(Math.Exp(last.Breaker.LogEValue))} of {Sentences.Number(Math.Exp(last.Breaker.LogThreshold))}"
            : "; breaker off";
        var doubt = last.Breaker.Doubtful ? ", too doubtful to go on" : "";
        if (last.Health.Source is { IsWhole: false } source)
            doubt += $"; it waits, {Sentences.Numbers(source)}";
        if (last.Health.UnitShare < 1)
            doubt += $"; counted on one in {Sentences.Number(1 / last.Health.UnitShare)} units, since memory does not do for more";
        return Sentences.Text($"{last.SecondsInStage:0} of {stage.MinimumSeconds:0.#} s, {last.Present.Released.Exposures:N0} of {stage.MinimumExposures:N0} exposures{e}{doubt}.");
    }
}
