using Delivery.Contracts.Metrics;
using Delivery.Contracts.Rollouts;
using Marten;
using Mediator;

namespace Delivery.Rollouts;

/// <summary>What a rollout's decisions rest on: <c>GET /api/v1/rollouts/{key}/evidence</c>.</summary>
/// <param name="Rollout">The rollout's key.</param>
/// <param name="Plan">What was planned, thresholds included.</param>
/// <param name="Stages">Per opened stage: since which flag version, and both arms' counts as they are now.</param>
/// <param name="LastGate">What the last gate was opened on, as it was then.</param>
/// <param name="Abort">What stopped it, as it was then.</param>
/// <param name="Looks">The looks of the last hour, oldest first; natural logarithms.</param>
internal sealed record ReleaseEvidence(
    string Rollout, Plan Plan, IReadOnlyList<StageEvidenceView> Stages, GateEvidence? LastGate, AbortView? Abort, IReadOnlyList<Look> Looks)
{
    /// <summary>Which share of the units is counted now: <see cref="ReleaseHealth.UnitShare"/>.</summary>
    public double UnitShare { get; init; } = 1;
}

/// <summary>One stage of the evidence.</summary>
internal sealed record StageEvidenceView(
    string Name, double ExposurePercent, long FromFlagVersion, ArmEvidence Released, ArmEvidence Control, double? LogEValue);

/// <summary>Asks for a rollout's evidence; null when there is no such rollout.</summary>
internal sealed record FindEvidence(string Rollout) : IQuery<ReleaseEvidence?>;

internal sealed class FindEvidenceHandler(IQuerySession session, ISender sender, LookBook book, TimeProvider time) : IQueryHandler<FindEvidence, ReleaseEvidence?>
{
    public async ValueTask<ReleaseEvidence?> Handle(FindEvidence query, CancellationToken cancellationToken)
    {
        if (await session.LoadAsync<Rollout>(Rollout.Stream(query.Rollout), cancellationToken) is not { } rollout)
            return null;
        var evidence = new ReleaseEvidence(rollout.Key, rollout.Plan, [], rollout.LastGate, rollout.Abort, book.Looks(rollout.Key));
        if (rollout.OpenedVersions.Count == 0)
            return evidence;
        var health = await HealthAsync(rollout, cancellationToken);
        return evidence with { Stages = Stages(rollout, health), UnitShare = health.UnitShare };
    }

    private async Task<ReleaseHealth> HealthAsync(Rollout rollout, CancellationToken cancellationToken)
    {
        var plan = rollout.Plan;
        return plan.Route is not null
            ? await sender.Send(RouteInLine.Health(rollout), cancellationToken)
            : await sender.Send(new GetReleaseHealth(plan.Environment, plan.Flag, plan.Variant, rollout.OpenedVersions[0]), cancellationToken);
    }

    private List<StageEvidenceView> Stages(Rollout rollout, ReleaseHealth health)
    {
        var assessment = Assessment.Of(rollout, health, time.GetUtcNow());
        return assessment.Tallies.Select(t => new StageEvidenceView(
            t.Stage.Name, t.Stage.ExposurePercent, rollout.OpenedVersions[t.Index],
            Arm.Evidence(t.Released), Arm.Evidence(t.Control), assessment.Breaker.Stages[t.Index].LogEValue)).ToList();
    }
}
