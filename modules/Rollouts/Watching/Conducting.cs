using Delivery.Contracts.Metrics;
using Delivery.Contracts.Rollouts;
using Delivery.Contracts.Targeting;

namespace Delivery.Rollouts;

/// <summary>
/// What the platform decides about a rollout at a look. In this order: a release that is no longer there or is harmful ends,
/// whatever else holds; without data it holds; and only then, with every gate met, it goes on.
/// </summary>
internal static class Conducting
{
    /// <summary>Counts that end longer ago are too old to go on by.</summary>
    public static readonly TimeSpan StaleAfter = TimeSpan.FromSeconds(5);

    /// <summary>The same for a route, whose metric source looks at its deployments every few seconds.</summary>
    public static readonly TimeSpan RouteStaleAfter = TimeSpan.FromSeconds(30);

    /// <summary>The decision at a look, and in whose name it is taken.</summary>
    public static Verdict Decide(Rollout rollout, Sight sight, DateTimeOffset now)
    {
        if (!rollout.Live || !rollout.IsOpen)
            return Verdict.None;
        var assessment = (sight as Sight.Seen)?.Assessment;
        if (assessment is { IsWhole: true } && assessment.Reaches(rollout) && Harm(rollout, assessment, now) is { } harm)
            return harm;
        if (BlindReason(rollout, sight, now) is { } blind)
            return rollout.Blind is not null ? Verdict.None : Held(rollout, blind, assessment?.Health);
        if (assessment is not { IsWhole: true } || !assessment.Reaches(rollout))
            return Verdict.None;
        if (rollout.Blind is not null)
            return Verdict.Of("conductor", new RolloutSawAgain(
                rollout.Key, assessment.Health.LastExposureAt, assessment.Health.LastEventAt, assessment.Health.CompleteUpTo));
        return rollout.Paused || !GateIsMet(rollout, assessment, now) ? Verdict.None : GoOn(rollout, assessment);
    }

    /// <summary>The decision when the flag was looked at.</summary>
    public static Verdict Decide(Rollout rollout, FlagSummary? flag)
    {
        if (!rollout.Live || rollout.StartedAt is null)
            return Verdict.None;
        var gone = Steering.Gone(rollout.Plan, flag) ?? Missing(rollout, flag);
        return gone is null ? Verdict.None : Verdict.Of("conductor", Aborted(rollout, AbortCause.FlagGone, "conductor", gone, null, []));
    }

    private static string? Missing(Rollout rollout, FlagSummary? flag) =>
        rollout.IsOpen && flag is { OpenReleases: { } open } && flag.Version >= rollout.OpenedVersions[^1] && !open.Contains(rollout.Key)
            ? $"The rules of this release were taken from the flag '{rollout.Plan.Flag}' in {rollout.Plan.Environment}."
            : null;

    private static Verdict? Harm(Rollout rollout, Assessment assessment, DateTimeOffset now)
    {
        if (rollout.Plan.Breaker.Enabled && assessment.Breaker.Fired)
        {
            var evidence = Evidences.Breaker(rollout, assessment, now);
            return Verdict.Of("breaker", Aborted(
                rollout, AbortCause.Breaker, "breaker", Sentences.BreakerFired(evidence), evidence, assessment.Breaker.Stages));
        }

        if (assessment.Worse is not { } worse)
            return null;
        var numbers = Evidences.Guardrail(worse, assessment);
        return Verdict.Of("guardrail", Aborted(
            rollout, AbortCause.Guardrail, "guardrail", Sentences.GuardrailWorse(numbers, assessment.SecondsInStage), numbers, assessment.Breaker.Stages));
    }

    private static RolloutAborted Aborted(
        Rollout rollout, AbortCause cause, string by, string reason, Evidence? evidence, IReadOnlyList<StageCounts> stages) =>
        new(rollout.Key, cause, by, reason, evidence, stages);

    /// <summary>Of a share of the units there is less to see, but a release must not be dark for much longer than was planned.</summary>
    private const double MostPatience = 8;

    private static string? BlindReason(Rollout rollout, Sight sight, DateTimeOffset now)
    {
        var patience = TimeSpan.FromSeconds(rollout.Plan.BlindAfterSeconds);
        var since = sight switch
        {
            Sight.Seen s => s.Since,
            Sight.Failed f => f.Since,
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        var start = Later(rollout.StageOpenedAt, since);
        string? Silent(string what, DateTimeOffset? last, double share = 1) =>
            now - Later(last, start) > patience * Math.Min(MostPatience, 1 / share) ? Sentences.Blind(what, last, start) : null;
        return sight switch
        {
            Sight.Failed f => now - start > patience ? Sentences.LookFailed(f.Reason, f.Since) : null,
            Sight.Seen { Assessment.Health.Source: { IsWhole: false } source } =>
                now - Later(source.Since, start) > patience ? Sentences.NotWhole(source) : null,
            Sight.Seen { Assessment.Health: var h } =>
                Silent("exposures", h.LastExposureAt) ?? Silent("metric events", h.LastEventAt, h.UnitShare) ?? Silent("complete counts", h.CompleteUpTo),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private static DateTimeOffset Later(DateTimeOffset? x, DateTimeOffset y) => x > y ? x.Value : y;

    private static Verdict Held(Rollout rollout, string reason, ReleaseHealth? health) => Verdict.Of(
        "conductor", new RolloutHeld(rollout.Key, reason, health?.LastExposureAt, health?.LastEventAt, health?.CompleteUpTo));

    private static bool GateIsMet(Rollout rollout, Assessment assessment, DateTimeOffset now)
    {
        var stage = rollout.Plan.Stages[rollout.Stage];
        return now - assessment.Health.CompleteUpTo <= (rollout.Plan.Route is null ? StaleAfter : RouteStaleAfter)
            && assessment.SecondsInStage >= stage.MinimumSeconds
            && assessment.Present.Released.Exposures >= stage.MinimumExposures
            && !(rollout.Plan.Breaker.Enabled && assessment.Breaker.Doubtful)
            && !(stage.WaitsForGuardrails && assessment.Guardrails.Any(g => g.InBurnIn));
    }

    private static Verdict GoOn(Rollout rollout, Assessment assessment)
    {
        var stage = rollout.Plan.Stages[rollout.Stage];
        var because = Evidences.Gate(rollout, assessment);
        if (stage.NeedsApproval && !rollout.Approved)
            return rollout.ApprovalAsked ? Verdict.None : Verdict.Of("conductor", new ApprovalAsked(rollout.Key, rollout.Stage, stage.Name, because));
        if (rollout.Stage == rollout.Plan.Stages.Count - 1)
            return Verdict.Of("conductor", new RolloutCompleted(rollout.Key, because));
        var next = rollout.Plan.Stages[rollout.Stage + 1];
        return Verdict.Of("conductor", new StageEntered(rollout.Key, rollout.Stage + 1, next.Name, next.ExposurePpm, because));
    }
}

/// <summary>What is decided, if anything, and by which part of the platform.</summary>
internal sealed record Verdict(string By, object? Event)
{
    public static Verdict None { get; } = new("conductor", null);

    public static Verdict Of(string by, object @event) => new(by, @event);
}
