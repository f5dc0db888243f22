using Delivery.Contracts.Rollouts;
using Delivery.Contracts.Targeting;

namespace Delivery.Rollouts.Tests.Deciding;

/// <summary>What people may tell a rollout, state by state.</summary>
public sealed class SteeringTests
{
    private static readonly FlagSummary Flag = new("f", "shop", ["off", "on"], "off", 1, true, false, false, true);

    [Fact]
    public void start_enters_the_first_stage_once()
    {
        var history = new History().At(0, new RolloutPlanned(Plans.Of(), "shop"));
        var events = Events(Steering.Start(history.Rollout, Flag, "alice"));
        events.Select(e => e.GetType()).ShouldBe([typeof(RolloutStarted), typeof(StageEntered)]);
        Events(Steering.Start(history.At(0, [.. events]).Rollout, Flag, "alice")).ShouldBeEmpty();
    }

    [Fact]
    public void start_is_refused_while_the_flag_is_killed() =>
        Code(Steering.Start(new History().At(0, new RolloutPlanned(Plans.Of(), null)).Rollout, Flag with { Killed = true }, "alice")).ShouldBe("flag-off");

    [Fact]
    public void pause_and_resume_each_count_once()
    {
        var history = History.Started(Plans.Of());
        Events(Steering.Resume(history.Rollout)).ShouldBeEmpty();
        history.At(1, [.. Events(Steering.Pause(history.Rollout))]);
        history.Rollout.Status.ShouldBe(RolloutStatus.Paused);
        Events(Steering.Pause(history.Rollout)).ShouldBeEmpty();
        history.At(2, [.. Events(Steering.Resume(history.Rollout))]);
        history.Rollout.Status.ShouldBe(RolloutStatus.Running);
    }

    [Fact]
    public void approve_is_for_the_stage_that_was_seen()
    {
        var history = History.Started(Plans.Of(Plans.Stage(5, needsApproval: true), Plans.Stage(100)));
        Code(Steering.Approve(history.Rollout, "100 %")).ShouldBe("other-stage");
        history.At(1, [.. Events(Steering.Approve(history.Rollout, "5 %"))]);
        Events(Steering.Approve(history.Rollout, null)).ShouldBeEmpty();
        Code(Steering.Approve(History.Started(Plans.Of()).Rollout, null)).ShouldBe("no-approval-needed");
    }

    [Fact]
    public void abort_is_for_ever()
    {
        var history = History.Started(Plans.Of());
        history.At(1, [.. Events(Steering.Abort(history.Rollout, "alice", " slow "))]);
        history.Rollout.Abort.ShouldNotBeNull().Reason.ShouldBe("Stopped by alice: slow");
        Events(Steering.Abort(history.Rollout, "bob", null)).ShouldBeEmpty();
        foreach (var again in new[] { Steering.Start(history.Rollout, Flag, "alice"), Steering.Pause(history.Rollout), Steering.Resume(history.Rollout), Steering.Approve(history.Rollout, null) })
            Code(again).ShouldBe("rollout-ended");
    }

    [Fact]
    public void a_draft_can_be_aborted_and_nothing_else_but_started()
    {
        var draft = new History().At(0, new RolloutPlanned(Plans.Of(), null)).Rollout;
        Code(Steering.Pause(draft)).ShouldBe("rollout-not-started");
        Code(Steering.Approve(draft, null)).ShouldBe("rollout-not-started");
        Events(Steering.Abort(draft, "alice", null)).ShouldHaveSingleItem();
    }

    [Fact]
    public void a_late_note_of_an_opening_does_not_revive_an_ended_rollout()
    {
        var history = History.Started(Plans.Of()).At(1, new RolloutAborted("r", AbortCause.Person, "alice", "no", null, []));
        Events(OnFlag.Opened(history.Rollout, 0, 3)).ShouldBeEmpty();
        history.At(2, [.. Events(OnFlag.Closed(history.Rollout, 4))]);
        Events(OnFlag.Closed(history.Rollout, 5)).ShouldBeEmpty();
        history.Rollout.Watched.ShouldBeFalse();
    }

    [Fact]
    public void a_ring_stays_in_the_stages_after_it()
    {
        var dev = new Delivery.Evaluation.Condition.InSegment("dev-team");
        var dogfood = new Delivery.Evaluation.Condition.InSegment("dogfood");
        var plan = Plans.Of(Plans.Stage(0) with { Ring = dev }, Plans.Stage(1), Plans.Stage(5) with { Ring = dogfood });
        plan.RingAt(1).ShouldBe(dev);
        plan.RingAt(2).ShouldBeOfType<Delivery.Evaluation.Condition.Any>().Conditions.ShouldBe([dev, dogfood]);
    }

    private static IReadOnlyList<object> Events(Decision decision) => decision.ShouldBeOfType<Decision.Take>().Events;

    private static string Code(Decision decision) => decision.ShouldBeOfType<Decision.Refuse>().Code;
}
