using Delivery.Statistics;

namespace Delivery.Rollouts;

/// <summary>One look of the severe breaker at all stages.</summary>
/// <remarks>
/// <para>
/// Counted are failing units, not failures: a unit that fails a thousand times counts once in a stage. Given a failing unit,
/// it is the released arm's with probability ρ, that arm's share of the exposed units of the stage (Lindon and Malek,
/// arXiv:2011.03567, through <see cref="CountEProcess"/>). ρ is taken from the ledger's counts at the look, ring included.
/// </para>
/// <para>
/// How strictness is spent. Let S be the product over the stages of their e-processes at the tolerated ratio, and T_k the
/// e-process of stage k alone at the strict ratio, stopped when the stage's strict time is over. With weights that sum to 1,
/// W = w·S + Σ w_k·T_k is an e-process for "the released arm fails no more often than the control arm", because each part
/// is one and starts at 1. By Ville's inequality P(W ever reaches 1/α) ≤ α: one number, one threshold, the bound of the whole
/// rollout. A look compares w·S + w_k·T_k of the present stage alone, which is never more than W, so the bound holds and
/// nothing has to be remembered between looks or across a restart. For a release that fails up to the tolerated ratio more
/// often S alone is an e-process: outside the strict time the chance is at most w·α.
/// </para>
/// <para>
/// Assumptions: units fail independently of each other given the arm; failures in different stages are independent. A unit
/// that fails in whatever arm it is, in stage after stage, counts once in each.
/// </para>
/// </remarks>
/// <param name="LogEValue">ln of the weighted e-value.</param>
/// <param name="LogThreshold">ln(1/α).</param>
/// <param name="Stages">The inputs.</param>
internal sealed record BreakerLook(double LogEValue, double LogThreshold, IReadOnlyList<StageCounts> Stages)
{
    /// <summary>
    /// The strict processes' part of α; the rest is the standing process's. Most of it: harm shows soonest after a stage opened,
    /// and a tenth costs the standing process two or three more failing units.
    /// </summary>
    private const double StrictWeight = 0.9;

    /// <summary>An e-value that no healthy release shows in 19 of 20 rollouts: not enough to stop, enough not to go on.</summary>
    private static readonly double LogDoubtful = Math.Log(20);

    public bool Fired => LogEValue >= LogThreshold;

    public bool Doubtful => LogEValue >= Math.Min(LogDoubtful, LogThreshold);

    public static BreakerLook At(Plan plan, IReadOnlyList<StageTally> tallies, double secondsInStage)
    {
        var breaker = plan.Breaker;
        var present = tallies.Count - 1;
        var strictNow = breaker.StrictSeconds > 0 && secondsInStage <= breaker.StrictSeconds;
        var standing = new BreakerDesign(breaker.Alpha, breaker.ToleratedRatio, breaker.PriorWeight);
        var strict = standing with { HarmRatio = breaker.StrictToleratedRatio };
        var stages = tallies.Select(t => Counts(t, standing, strictNow && t.Index == present ? strict : null)).ToList();

        var logE = Math.Log(breaker.StrictSeconds > 0 ? 1 - StrictWeight : 1) + stages.Sum(s => s.LogEValue ?? 0);
        if (stages is [.., { StrictLogEValue: { } strictly }])
            logE = LogSum(logE, Math.Log(Weight(plan, present)) + strictly);
        return new BreakerLook(logE, standing.LogThreshold, stages);
    }

    /// <summary>Each stage's part is half of the one before: early stages are small, and need it most.</summary>
    private static double Weight(Plan plan, int stage)
    {
        var comparable = Math.Max(1, plan.Stages.Count(s => s.HasControl));
        return StrictWeight * Math.Pow(0.5, stage) / (2 - Math.Pow(0.5, comparable - 1));
    }

    private static StageCounts Counts(StageTally tally, BreakerDesign standing, BreakerDesign? strict)
    {
        // A failure may be counted before its exposure: the arm then has at least as many units as failing ones.
        var released = Math.Max(tally.Released.Units, tally.Released.FailingUnits);
        var control = tally.Control.Units;
        double? LogE(BreakerDesign design) =>
            !tally.Stage.HasControl || released == 0 || control == 0 ? null
            : CountEProcess.Evaluate(Errors(tally, released, control), design) is StageEvidence.Evidence evidence ? evidence.LogEValue
            : null;
        return new StageCounts(
            tally.Index, tally.Stage.Name, tally.Released.Units, tally.Released.FailingUnits, control, tally.Control.FailingUnits,
            LogE(standing), strict is null ? null : LogE(strict));
    }

    private static StageErrors Errors(StageTally tally, long released, long control) =>
        new(tally.Released.FailingUnits, tally.Control.FailingUnits, released / (double)(released + control));

    private static double LogSum(double x, double y)
    {
        var larger = Math.Max(x, y);
        return larger + Math.Log(Math.Exp(x - larger) + Math.Exp(y - larger));
    }
}
