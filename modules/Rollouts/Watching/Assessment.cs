using Delivery.Contracts.Metrics;
using Delivery.Statistics;

namespace Delivery.Rollouts;

/// <summary>How a rollout is going, computed from one answer of Metrics; the same inputs give the same assessment.</summary>
/// <param name="At">When it was looked at.</param>
/// <param name="SecondsInStage">Since the present stage opened.</param>
/// <param name="Tallies">The counts per opened stage.</param>
/// <param name="Breaker">The breaker's look; it counts even where the plan has it off.</param>
/// <param name="Guardrails">The guardrails' looks at the present stage.</param>
/// <param name="Health">What Metrics said.</param>
internal sealed record Assessment(
    DateTimeOffset At,
    double SecondsInStage,
    IReadOnlyList<StageTally> Tallies,
    BreakerLook Breaker,
    IReadOnlyList<GuardrailLook> Guardrails,
    ReleaseHealth Health)
{
    public StageTally Present => Tallies[^1];

    /// <summary>Whether a metric source, where the numbers come from one, answered for every arm and in time: only then anything is decided on them.</summary>
    public bool IsWhole => Health.Source is null or { IsWhole: true };

    /// <summary>Whether the counts reach into the present stage. After a restart Metrics reads its log again; half of it says nothing.</summary>
    public bool Reaches(Rollout rollout) => Health.CompleteUpTo >= rollout.StageOpenedAt;

    public static Assessment Of(Rollout rollout, ReleaseHealth health, DateTimeOffset now)
    {
        var tallies = StageTally.Fold(rollout, health.Epochs);
        var seconds = (now - (rollout.StageOpenedAt ?? now)).TotalSeconds;
        return new Assessment(
            now, seconds, tallies, BreakerLook.At(rollout.Plan, tallies, seconds), GuardrailLook.At(rollout.Plan, tallies is [.., var present] ? present : null), health);
    }

    public GuardrailLook? Worse => Guardrails.FirstOrDefault(g => g.Verdict is GuardrailVerdict.Worse);
}

/// <summary>What a look came back with.</summary>
internal abstract record Sight
{
    private Sight()
    {
    }

    /// <summary>Metrics answered.</summary>
    /// <param name="Since">Since when this process looks: silence before it was nobody's.</param>
    public sealed record Seen(Assessment Assessment, DateTimeOffset Since) : Sight;

    /// <summary>The look failed; nothing is known.</summary>
    /// <param name="Since">Since when no look succeeded.</param>
    public sealed record Failed(string Reason, DateTimeOffset Since) : Sight;
}
