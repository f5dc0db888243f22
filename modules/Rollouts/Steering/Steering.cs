using Delivery.Contracts.Rollouts;
using Delivery.Contracts.Targeting;

namespace Delivery.Rollouts;

/// <summary>What people may tell a rollout, and when. A repeated word yields no event.</summary>
internal static class Steering
{
    /// <param name="rollout">What was planned.</param>
    /// <param name="flag">The flag as it is now.</param>
    /// <param name="by">Who starts it: where the environment requires approval, someone other than who planned it.</param>
    public static Decision Start(Rollout rollout, FlagSummary? flag, string by)
    {
        if (Ended(rollout) is { } ended)
            return ended;
        if (rollout.StartedAt is not null)
            return Decision.Nothing;
        if (Gone(rollout.Plan, flag) is { } gone)
            return new Decision.Refuse("flag-off", gone);
        return SecondPersonNeeded(rollout, flag is { RequiresApproval: true }, by) ?? Start(rollout);
    }

    /// <summary>Where the environment requires approval, someone other than who planned it starts it.</summary>
    public static Decision.Refuse? SecondPersonNeeded(Rollout rollout, bool required, string by) => required && rollout.PlannedBy == by
        ? new Decision.Refuse("second-person-needed", $"'{rollout.Plan.Environment}' requires a second person: {by} planned it, someone else must start it.")
        : null;

    /// <summary>Starts, whatever it is a rollout of.</summary>
    public static Decision Start(Rollout rollout)
    {
        if (Ended(rollout) is { } ended)
            return ended;
        if (rollout.StartedAt is not null)
            return Decision.Nothing;
        var first = rollout.Plan.Stages[0];
        return Decision.Of(new RolloutStarted(rollout.Key), new StageEntered(rollout.Key, 0, first.Name, first.ExposurePpm, null));
    }

    public static Decision Pause(Rollout rollout) =>
        Ended(rollout) ?? NotStarted(rollout) ?? (rollout.Paused ? Decision.Nothing : Decision.Of(new RolloutPaused(rollout.Key)));

    public static Decision Resume(Rollout rollout) =>
        Ended(rollout) ?? NotStarted(rollout) ?? (rollout.Paused ? Decision.Of(new RolloutResumed(rollout.Key)) : Decision.Nothing);

    /// <param name="stage">The stage's name as the person saw it; null for whichever is the present one.</param>
    public static Decision Approve(Rollout rollout, string? stage)
    {
        if ((Ended(rollout) ?? NotStarted(rollout)) is { } refused)
            return refused;
        var present = rollout.Plan.Stages[rollout.Stage];
        if (stage is not null && stage != present.Name)
            return new Decision.Refuse("other-stage", $"The rollout '{rollout.Key}' is at stage '{present.Name}', not '{stage}'.");
        if (!present.NeedsApproval)
            return new Decision.Refuse("no-approval-needed", $"Stage '{present.Name}' goes on by itself.");
        return rollout.Approved ? Decision.Nothing : Decision.Of(new StageApproved(rollout.Key, rollout.Stage, present.Name));
    }

    public static Decision Abort(Rollout rollout, string by, string? reason) => rollout.Status switch
    {
        RolloutStatus.Aborted => Decision.Nothing,
        RolloutStatus.Completed => Ended(rollout)!,
        _ => Decision.Of(new RolloutAborted(
            rollout.Key, AbortCause.Person, by, string.IsNullOrWhiteSpace(reason) ? $"Stopped by {by}." : $"Stopped by {by}: {reason.Trim()}", null, [])),
    };

    /// <summary>Why the flag can't show the release; null when it can.</summary>
    public static string? Gone(Plan plan, FlagSummary? flag) => flag switch
    {
        null => $"The flag '{plan.Flag}' is gone.",
        { HasEnvironment: false } => $"The environment '{plan.Environment}' is gone.",
        { Archived: true } => $"The flag '{plan.Flag}' is archived.",
        { Killed: true } => $"The flag '{plan.Flag}' is killed in {plan.Environment}.",
        { Enabled: false } => $"The flag '{plan.Flag}' is disabled in {plan.Environment}.",
        _ when !flag.Variants.Contains(plan.Variant) => $"The flag '{plan.Flag}' has no variant '{plan.Variant}' any more.",
        _ => null,
    };

    private static Decision.Refuse? Ended(Rollout rollout) => rollout.Live
        ? null
        : new Decision.Refuse("rollout-ended", $"The rollout '{rollout.Key}' is {(rollout.Abort is null ? "completed" : "aborted")}; that is final. Plan a new one.");

    private static Decision.Refuse? NotStarted(Rollout rollout) => rollout.StartedAt is not null
        ? null
        : new Decision.Refuse("rollout-not-started", $"The rollout '{rollout.Key}' has not been started.");
}
