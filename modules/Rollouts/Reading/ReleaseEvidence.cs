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
    string Rollout, Plan Plan, IReadOnlyList<StageEvidenceView> Stages, GateEvidence? LastGate, AbortView? Abort, IReadOnlyList<Look> Looks);

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
        var stages = rollout.OpenedVersions.Count == 0 ? [] : await StagesAsync(rollout, cancellationToken);
        return new ReleaseEvidence(rollout.Key, rollout.Plan, stages, rollout.LastGate, rollout.Abort, book.Looks(rollout.Key));
    }

    private async Task<IReadOnlyList<StageEvidenceView>> StagesAsync(Rollout rollout, CancellationToken cancellationToken)
    {
        var plan = rollout.Plan;
        var health = plan.Route is not null
            ? await sender.Send(RouteInLine.Health(rollout), cancellationToken)
            : await sender.Send(new GetReleaseHealth(plan.Environment, plan.Flag, plan.Variant, rollout.OpenedVersions[0]), cancellationToken);
        var assessment = Assessment.Of(rollout, health, time.GetUtcNow());
        return assessment.Tallies.Select(t => new StageEvidenceView(
            t.Stage.Name, t.Stage.ExposurePercent, rollout.OpenedVersions[t.Index],
            Arm.Evidence(t.Released), Arm.Evidence(t.Control), assessment.Breaker.Stages[t.Index].LogEValue)).ToList();
    }
}
