using Delivery.Contracts.Metrics;
using Delivery.Contracts.Rollouts;
using Delivery.Contracts.Targeting;

namespace Delivery.Rollouts.Tests.Deciding;

/// <summary>Given what happened, when a look comes back with this, then that is decided.</summary>
public sealed class ConductingTests
{
    private static readonly ArmHealth GoodReleased = Counts.Arm(200, 2);
    private static readonly ArmHealth GoodControl = Counts.Arm(4_000, 40);
    private static readonly ArmHealth BadReleased = Counts.Arm(200, 40);

    [Fact]
    public void it_goes_on_when_time_exposures_and_evidence_allow()
    {
        var entered = Decide(History.Started(Plans.Of()), 10, GoodReleased).Event.ShouldBeOfType<StageEntered>();
        entered.Stage.ShouldBe(1);
        entered.ExposurePpm.ShouldBe(500_000);
        var because = entered.Because.ShouldNotBeNull();
        because.Exposures.ShouldBe(200);
        because.SecondsOpen.ShouldBe(10);
        because.Stages.ShouldHaveSingleItem().ReleasedFailingUnits.ShouldBe(2);
    }

    [Fact]
    public void it_stays_before_the_minimum_time() => Decide(History.Started(Plans.Of()), 9.9, GoodReleased).Event.ShouldBeNull();

    [Fact]
    public void it_stays_before_the_minimum_exposures() => Decide(History.Started(Plans.Of()), 20, Counts.Arm(99)).Event.ShouldBeNull();

    [Fact]
    public void it_stays_while_the_stage_is_not_open() =>
        Conducting.Decide(
            new History().At(0, new RolloutPlanned(Plans.Of(), null), new RolloutStarted("r"), History.Entered(Plans.Of(), 0)).Rollout,
            new Sight.Failed("no", History.Start), History.Start.AddHours(1)).Event.ShouldBeNull();

    [Fact]
    public void it_stays_when_the_counts_are_stale()
    {
        var history = History.Started(Plans.Of());
        var now = History.Start.AddSeconds(20);
        var health = Health(now, GoodReleased) with { CompleteUpTo = now - TimeSpan.FromSeconds(6) };
        Conducting.Decide(history.Rollout, new Sight.Seen(Assessment.Of(history.Rollout, health, now), History.Start), now).Event.ShouldBeNull();
    }

    [Theory]
    [InlineData(SourceOutcome.Stale)]
    [InlineData(SourceOutcome.Partial)]
    [InlineData(SourceOutcome.NoData)]
    [InlineData(SourceOutcome.Error)]
    [InlineData(SourceOutcome.Silent)]
    public void what_a_metric_source_did_not_answer_wholly_is_neither_healthy_nor_a_failure_and_blinds(SourceOutcome outcome)
    {
        var history = History.Started(Plans.Of());
        Verdict Look(double second, ArmHealth released, SourceOutcome standing)
        {
            var now = History.Start.AddSeconds(second);
            var health = Health(now, released) with { Source = new SourceStanding("numbers", standing, "http: why", History.Start.AddSeconds(5)) };
            return Conducting.Decide(history.Rollout, new Sight.Seen(Assessment.Of(history.Rollout, health, now), History.Start), now);
        }

        Look(20, GoodReleased, SourceOutcome.Ok).Event.ShouldBeOfType<StageEntered>();
        Look(20, BadReleased, SourceOutcome.Ok).Event.ShouldBeOfType<RolloutAborted>();
        Look(20, GoodReleased, outcome).Event.ShouldBeNull();
        Look(20, BadReleased, outcome).Event.ShouldBeNull();
        var held = Look(36, GoodReleased, outcome).Event.ShouldBeOfType<RolloutHeld>();
        held.Reason.ShouldContain("the metric source 'numbers'");
        held.Reason.ShouldContain("since 08:00:05 UTC (http: why)");
        history.At(36, held);
        Look(37, GoodReleased, outcome).Event.ShouldBeNull();
        Look(38, GoodReleased, SourceOutcome.Ok).Event.ShouldBeOfType<RolloutSawAgain>();
    }

    [Fact]
    public void it_stays_when_the_look_failed() =>
        Conducting.Decide(History.Started(Plans.Of()).Rollout, new Sight.Failed("no", History.Start), History.Start.AddSeconds(20)).Event.ShouldBeNull();

    [Fact]
    public void it_stays_while_the_evidence_is_doubtful()
    {
        var history = History.Started(Plans.Of());
        var doubtful = Counts.Arm(200, 9);
        var now = History.Start.AddSeconds(20);
        var assessment = Assessment.Of(history.Rollout, Health(now, doubtful), now);
        assessment.Breaker.Doubtful.ShouldBeTrue();
        assessment.Breaker.Fired.ShouldBeFalse();
        Conducting.Decide(history.Rollout, new Sight.Seen(assessment, History.Start), now).Event.ShouldBeNull();
    }

    [Fact]
    public void it_stays_in_a_guardrails_burn_in_where_the_stage_asks_for_it()
    {
        var guardrail = new Guardrail(new GuardrailMetric.Errors(), null, null, 0.5, 0.01);
        var waits = Plans.Of(Plans.Stage(5, waits: true), Plans.Stage(100)) with { Guardrails = [guardrail] };
        var goes = Plans.Of(Plans.Stage(5), Plans.Stage(100)) with { Guardrails = [guardrail] };
        Decide(History.Started(waits), 20, GoodReleased).Event.ShouldBeNull("2 failing units are fewer than the 30 a proportion needs");
        Decide(History.Started(goes), 20, GoodReleased).Event.ShouldBeOfType<StageEntered>();
    }

    [Theory]
    [InlineData("running")]
    [InlineData("paused")]
    [InlineData("blind")]
    [InlineData("asked")]
    public void the_breaker_fires_whatever_else_holds(string state)
    {
        var history = History.Started(Plans.Of(Plans.Stage(5, needsApproval: true), Plans.Stage(100)));
        object[] before = state switch
        {
            "paused" => [new RolloutPaused("r")],
            "blind" => [new RolloutHeld("r", "no data", null, null, null)],
            "asked" => [new ApprovalAsked("r", 0, "5 %", new GateEvidence(1, 1, 1, 1, [], [], History.Start))],
            _ => [],
        };
        var verdict = Decide(history.At(1, before), 3, BadReleased);
        verdict.By.ShouldBe("breaker");
        var aborted = verdict.Event.ShouldBeOfType<RolloutAborted>();
        aborted.Cause.ShouldBe(AbortCause.Breaker);
        aborted.Stages.ShouldHaveSingleItem().ReleasedFailingUnits.ShouldBe(40);
        aborted.Evidence.ShouldNotBeNull().EValue.ShouldNotBeNull().ShouldBeGreaterThan(1_000);
        aborted.Evidence.SecondsToDecision.ShouldBe(2);
        aborted.Reason.ShouldStartWith("Breaker: 40 of 200 exposed units failed against 40 of 4,000; e-value ");
    }

    [Fact]
    public void a_fired_breaker_stays_fired()
    {
        var history = History.Started(Plans.Of()).At(3, Decide(History.Started(Plans.Of()), 3, BadReleased).Event!);
        Decide(history, 4, BadReleased).Event.ShouldBeNull();
        Decide(history, 400, GoodReleased).Event.ShouldBeNull();
        history.Rollout.Status.ShouldBe(RolloutStatus.Aborted);
    }

    [Fact]
    public void a_breaker_that_is_off_stops_nothing() =>
        Decide(History.Started(Plans.Of() with { Breaker = Plans.Breaker with { Enabled = false } }), 3, BadReleased).Event.ShouldBeNull();

    [Fact]
    public void one_unit_that_fails_a_thousand_times_counts_once() =>
        Decide(History.Started(Plans.Of()), 3, GoodReleased with { Errors = 1_000, FailingUnits = 1 }).Event.ShouldBeNull();

    [Fact]
    public void stages_are_folded_by_flag_version_and_their_evidence_multiplies()
    {
        var history = History.Started(Plans.Of()).At(10, History.Entered(Plans.Of(), 1), new StageOpened("r", 1, 7));
        var now = History.Start.AddSeconds(12);
        EpochHealth[] epochs =
        [
            Counts.Epoch(1, Counts.Arm(9_999, 9_999), Counts.Arm(1)),
            Counts.Epoch(2, Counts.Arm(100, 3), Counts.Arm(1_900, 20)),
            Counts.Epoch(5, Counts.Arm(50, 1), Counts.Arm(950, 10)),
            Counts.Epoch(7, Counts.Arm(500, 6), Counts.Arm(500, 5)),
        ];
        var look = Assessment.Of(history.Rollout, new ReleaseHealth(epochs, now, now, null, now), now).Breaker;
        look.Stages.Select(s => (s.ReleasedUnits, s.ReleasedFailingUnits, s.ControlUnits)).ShouldBe([(150, 4, 2_850), (500, 6, 500)]);
        var standing = look.Stages.Sum(s => s.LogEValue!.Value);
        look.Stages[0].StrictLogEValue.ShouldBeNull("its strict time ended with the stage");
        var strict = look.Stages[1].StrictLogEValue.ShouldNotBeNull();
        Math.Exp(look.LogEValue).ShouldBe(0.1 * Math.Exp(standing) + 0.3 * Math.Exp(strict), 1e-9);
    }

    [Fact]
    public void a_slow_release_is_stopped_by_its_guardrail()
    {
        var plan = Plans.Of() with { Guardrails = [new Guardrail(new GuardrailMetric.Latency(95), null, 100, null, 0.01)] };
        var slow = Counts.Arm(500, 0, new LatencyBucket(80_000, 81_000, 300), new LatencyBucket(500_000, 504_000, 200));
        var usual = Counts.Arm(5_000, 0, new LatencyBucket(80_000, 81_000, 4_900), new LatencyBucket(200_000, 202_000, 100));
        var now = History.Start.AddSeconds(5);
        var history = History.Started(plan);
        var health = new ReleaseHealth([Counts.Epoch(2, slow, usual)], now, now, null, now);
        var verdict = Conducting.Decide(history.Rollout, new Sight.Seen(Assessment.Of(history.Rollout, health, now), History.Start), now);
        verdict.By.ShouldBe("guardrail");
        var aborted = verdict.Event.ShouldBeOfType<RolloutAborted>();
        aborted.Cause.ShouldBe(AbortCause.Guardrail);
        var evidence = aborted.Evidence.ShouldNotBeNull();
        evidence.Unit.ShouldBe("ms");
        evidence.Lower.ShouldNotBeNull().ShouldBeGreaterThan(100);
    }

    [Fact]
    public void fewer_conversions_are_harm()
    {
        var plan = Plans.Of() with { Guardrails = [new Guardrail(new GuardrailMetric.Conversion("order"), null, null, 2, 0.01)] };
        ArmHealth With(long units, long orders) => Counts.Arm(units) with { Conversions = new Dictionary<string, long> { ["order"] = orders } };
        var now = History.Start.AddSeconds(5);
        var history = History.Started(plan);
        var health = new ReleaseHealth([Counts.Epoch(2, With(2_000, 100), With(20_000, 3_000))], now, now, null, now);
        var aborted = Conducting.Decide(history.Rollout, new Sight.Seen(Assessment.Of(history.Rollout, health, now), History.Start), now)
            .Event.ShouldBeOfType<RolloutAborted>();
        aborted.Evidence.ShouldNotBeNull().Estimate.ShouldNotBeNull().ShouldBe(10, 1e-6);
    }

    [Theory]
    [InlineData(0, null, null)]
    [InlineData(0, 0.0, 39.0)]
    [InlineData(0, 39.0, 0.0)]
    public void without_data_it_holds_once(double opened, double? lastExposure, double? lastEvent)
    {
        var history = History.Started(Plans.Of());
        var now = History.Start.AddSeconds(opened + 40);
        var health = Health(now, GoodReleased) with
        {
            LastExposureAt = lastExposure is { } x ? History.Start.AddSeconds(x) : null,
            LastEventAt = lastEvent is { } e ? History.Start.AddSeconds(e) : null,
        };
        var held = Conducting.Decide(history.Rollout, new Sight.Seen(Assessment.Of(history.Rollout, health, now), History.Start), now).Event.ShouldBeOfType<RolloutHeld>();
        held.Reason.ShouldStartWith("Blind: no ");
        history.At(40, held);
        history.Rollout.Status.ShouldBe(RolloutStatus.Waiting);
        Conducting.Decide(history.Rollout, new Sight.Seen(Assessment.Of(history.Rollout, health, now), History.Start), now).Event.ShouldBeNull();
        Decide(history, 41, GoodReleased).Event.ShouldBeOfType<RolloutSawAgain>();
    }

    [Fact]
    public void after_a_restart_it_waits_for_the_counts_before_it_judges_or_is_blind()
    {
        var history = History.Started(Plans.Of());
        var now = History.Start.AddSeconds(400);
        var replay = new ReleaseHealth([Counts.Epoch(2, BadReleased, ArmHealth.Empty)], null, null, null, DateTimeOffset.UnixEpoch);
        var sight = new Sight.Seen(Assessment.Of(history.Rollout, replay, now), now.AddSeconds(-2));
        Conducting.Decide(history.Rollout, sight, now).Event.ShouldBeNull();
        Conducting.Decide(history.Rollout, sight, now.AddSeconds(31)).Event.ShouldBeOfType<RolloutHeld>();
    }

    [Fact]
    public void looks_that_keep_failing_are_blindness() =>
        Conducting.Decide(History.Started(Plans.Of()).Rollout, new Sight.Failed("connection refused", History.Start), History.Start.AddSeconds(31))
            .Event.ShouldBeOfType<RolloutHeld>().Reason.ShouldContain("connection refused");

    [Fact]
    public void a_stage_that_needs_approval_asks_once_and_goes_on_when_approved()
    {
        var history = History.Started(Plans.Of(Plans.Stage(5, needsApproval: true), Plans.Stage(100)));
        history.At(10, Decide(history, 10, GoodReleased).Event.ShouldBeOfType<ApprovalAsked>());
        history.Rollout.Status.ShouldBe(RolloutStatus.Waiting);
        Decide(history, 11, GoodReleased).Event.ShouldBeNull();
        history.At(12, new StageApproved("r", 0, "5 %"));
        Decide(history, 13, GoodReleased).Event.ShouldBeOfType<StageEntered>();
    }

    [Fact]
    public void a_paused_rollout_stays() => Decide(History.Started(Plans.Of()).At(1, new RolloutPaused("r")), 60, GoodReleased).Event.ShouldBeNull();

    [Fact]
    public void the_last_stage_completes_without_a_control_arm()
    {
        var history = History.Started(Plans.Of(Plans.Stage(100)));
        var now = History.Start.AddSeconds(10);
        var health = new ReleaseHealth([Counts.Epoch(2, Counts.Arm(500, 400), ArmHealth.Empty)], now, now, null, now);
        history.At(10, Conducting.Decide(history.Rollout, new Sight.Seen(Assessment.Of(history.Rollout, health, now), History.Start), now)
            .Event.ShouldBeOfType<RolloutCompleted>());
        history.Rollout.Status.ShouldBe(RolloutStatus.Completed);
    }

    [Theory]
    [InlineData("gone", "is gone")]
    [InlineData("killed", "is killed in production")]
    [InlineData("archived", "is archived")]
    [InlineData("disabled", "is disabled in production")]
    [InlineData("variant", "has no variant 'on' any more")]
    [InlineData("rules", "rules of this release were taken")]
    public void it_ends_when_the_flag_does_not_show_it_any_more(string how, string reason)
    {
        var flag = new FlagSummary("f", null, ["off", "on"], "off", 9, true, false, false, true) { OpenReleases = ["r"] };
        FlagSummary? now = how switch
        {
            "gone" => null,
            "killed" => flag with { Killed = true },
            "archived" => flag with { Archived = true },
            "disabled" => flag with { Enabled = false },
            "variant" => flag with { Variants = ["off"] },
            _ => flag with { OpenReleases = [] },
        };
        var rollout = History.Started(Plans.Of()).Rollout;
        Conducting.Decide(rollout, flag).Event.ShouldBeNull();
        var aborted = Conducting.Decide(rollout, now).Event.ShouldBeOfType<RolloutAborted>();
        aborted.Cause.ShouldBe(AbortCause.FlagGone);
        aborted.Reason.ShouldContain(reason);
    }

    [Fact]
    public void an_answer_older_than_the_opening_says_nothing_about_the_rules() =>
        Conducting.Decide(
            History.Started(Plans.Of()).Rollout,
            new FlagSummary("f", null, ["off", "on"], "off", 1, true, false, false, true) { OpenReleases = [] }).Event.ShouldBeNull();

    private static Verdict Decide(History history, double second, ArmHealth released)
    {
        var now = History.Start.AddSeconds(second);
        return Conducting.Decide(history.Rollout, new Sight.Seen(Assessment.Of(history.Rollout, Health(now, released), now), History.Start), now);
    }

    private static ReleaseHealth Health(DateTimeOffset now, ArmHealth released) =>
        new([Counts.Epoch(2, released, GoodControl)], now, now, History.Start.AddSeconds(1), now);
}
