using Delivery.Evaluation;
using static Delivery.Client.Tests.Scenario;

namespace Delivery.Client.Tests;

public sealed class RequestTests
{
    private const string Events = "/sdk/v1/events";
    private static readonly EvaluationContext User = new("user-1");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task its_events_carry_the_flags_it_met_and_how_it_went()
    {
        await using var scenario = new Scenario();
        await scenario.StartAsync(Ruleset(1, Boolean(version: 4)));
        using (var request = scenario.Client.BeginRequest(User))
        {
            request.EvaluateBoolean("new-checkout", false).ShouldBeTrue();
            request.EvaluateBoolean("nowhere", false);
            request.Track("order", 19.99m);
            request.Complete(TimeSpan.FromMilliseconds(12.5), error: true);
            request.Complete(error: false);
        }

        await scenario.Client.FlushAsync(Cancel);
        var events = scenario.Server.Received(Events).ToArray();
        events.Select(e => e.GetProperty("name").GetString()).ShouldBe(["order", "request"]);
        events[0].GetProperty("value").GetDecimal().ShouldBe(19.99m);
        events[1].GetProperty("durationMs").GetDouble().ShouldBe(12.5);
        events[1].GetProperty("error").GetBoolean().ShouldBeTrue();
        foreach (var sent in events)
            sent.GetProperty("flags").GetRawText().ShouldBe("""{"new-checkout":{"variant":"on","version":4}}""");
    }

    [Fact]
    public async Task it_sees_one_configuration_from_begin_to_end()
    {
        await using var scenario = new Scenario();
        var stream = await scenario.StartAsync(Ruleset(1, Boolean()));
        using var request = scenario.Client.BeginRequest(User);
        request.EvaluateBoolean("new-checkout", false).ShouldBeTrue();
        await stream.SendAsync(2, Boolean(killed: true, version: 2, sequence: 2));
        await scenario.UntilAsync(() => !scenario.Client.EvaluateBoolean("new-checkout", User, true));
        request.EvaluateBoolean("new-checkout", false).ShouldBeTrue();
    }

    [Fact]
    public async Task a_flag_asked_for_twice_is_one_exposure()
    {
        await using var scenario = new Scenario();
        await scenario.StartAsync(Ruleset(1, Boolean()));
        using var request = scenario.Client.BeginRequest(User);
        request.EvaluateBoolean("new-checkout", false);
        request.EvaluateBoolean("new-checkout", false);
        await scenario.Client.FlushAsync(Cancel);
        scenario.Server.Received("/sdk/v1/exposures").Count().ShouldBe(1);
    }

    [Fact]
    public async Task without_a_flag_met_there_is_no_event_and_neither_without_completion()
    {
        await using var scenario = new Scenario();
        await scenario.StartAsync(Ruleset(1, Boolean()));
        using (var idle = scenario.Client.BeginRequest(User))
            idle.Complete(error: false);
        using (var abandoned = scenario.Client.BeginRequest(User))
            abandoned.EvaluateBoolean("new-checkout", false);
        await scenario.Client.FlushAsync(Cancel);
        scenario.Server.Received(Events).ShouldBeEmpty();
    }
}
