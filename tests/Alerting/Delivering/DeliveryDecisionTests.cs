using Delivery.Alerting.Delivering;
using Delivery.Alerting.Handling;
using Delivery.Alerting.Raising;
using Delivery.Contracts.Alerting;
using Delivery.Contracts.Commands;
using Delivery.Plugins;

namespace Delivery.Alerting.Tests.Delivering;

public sealed class DeliveryDecisionTests
{
    private const int Retries = 2;
    private static readonly Audit Platform = Audit.Platform("alerting", "test");
    private static readonly SendResult Refused = new SendResult.Failed("the receiver answered 500", Retryable: true);

    private static readonly Alert Raised = new()
    {
        Id = "alert:a",
        AlertId = "a",
        Kind = "release-aborted",
        Subject = "rollout/r",
        Severity = AlertSeverity.Critical,
        Team = "t",
        Title = "x",
        Detail = "y",
        Deliveries = [new ChannelDelivery("hook", DeliveryState.Pending, 0, null, null)],
    };

    [Fact]
    public void a_channel_that_takes_it_is_recorded() =>
        Decide(Raised, 1, new SendResult.Delivered()).ShouldBe(new AlertDelivered("hook", 1));

    [Fact]
    public void a_failure_is_tried_again_until_the_waits_are_used_up_and_is_then_a_dead_letter()
    {
        var once = Raised.Apply(Decide(Raised, 1, Refused).ShouldBeOfType<AlertDeliveryFailed>());
        var twice = once.Apply(Decide(once, 2, Refused).ShouldBeOfType<AlertDeliveryFailed>());
        var given = twice.Apply(Decide(twice, 3, Refused).ShouldBeOfType<AlertDeliveryGivenUp>());
        given.Deliveries[0].ShouldBe(new ChannelDelivery("hook", DeliveryState.GivenUp, 3, "the receiver answered 500", null));
    }

    [Fact]
    public void a_receiver_that_says_no_for_good_is_not_asked_again() =>
        Decide(Raised, 1, new SendResult.Failed("the receiver answered 410", Retryable: false)).ShouldBeOfType<AlertDeliveryGivenUp>();

    [Fact]
    public void the_same_attempt_is_not_made_twice()
    {
        var once = Raised.Apply(new AlertDeliveryFailed("hook", 1, "x"));
        DeliveryDecisions.Wanted(once, Attempt(1)).ShouldBeFalse();
        DeliveryDecisions.Wanted(once, Attempt(2)).ShouldBeTrue();
        DeliveryDecisions.Wanted(Raised with { Deliveries = [Raised.Deliveries[0] with { State = DeliveryState.Delivered }] }, Attempt(1)).ShouldBeFalse();
    }

    [Fact]
    public void a_dead_letter_can_be_tried_again_and_starts_from_attempt_one()
    {
        var dead = Raised.Apply(new AlertDeliveryGivenUp("hook", 3, "x"));
        var again = dead.Apply(AlertDecisions.Requeue(dead, new RequeueDelivery(Platform, "a", "hook")).ShouldBeOfType<AlertDeliveryRequeued>());
        again.Deliveries[0].Attempts.ShouldBe(0);
        AlertDecisions.Requeue(Raised, new RequeueDelivery(Platform, "a", "hook")).ShouldBeNull();
    }

    [Fact]
    public void a_resolved_alert_is_neither_resolved_nor_acknowledged_again()
    {
        var resolved = Raised with { State = AlertState.Resolved };
        AlertDecisions.Resolve(resolved, new ResolveAlert(Platform, "a", "done")).ShouldBeNull();
        AlertDecisions.Acknowledge(resolved).ShouldBeNull();
        AlertDecisions.Snooze(resolved, new SnoozeAlert(Platform, "a", DateTimeOffset.UnixEpoch)).ShouldBeNull();
    }

    private static object? Decide(Alert alert, int attempt, SendResult result) =>
        DeliveryDecisions.Wanted(alert, Attempt(attempt)) ? DeliveryDecisions.Decide(Attempt(attempt), result, Retries) : null;

    private static AttemptDelivery Attempt(int attempt) => new(Platform, "a", "hook", attempt);
}
