using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Compliance;

/// <summary>Aborting, and backends that come and go.</summary>
public abstract partial class RouterCompliance
{
    [Theory]
    [InlineData(AbortLevel.StopNew)]
    [InlineData(AbortLevel.StopSticky)]
    [InlineData(AbortLevel.CutInFlight)]
    public async Task an_abort_takes_everything_to_stable_from_any_state(AbortLevel level)
    {
        var state = await AbortedAsync(1, level);
        state.WeightOf(Harness.Canary).ShouldBe(0, "from a route that nothing was ever applied to");
        long generation = 2;
        foreach (var intent in new[] { Intent(100, 0), Intent(5_000, 0), Intent(10_000, 0), Rich(0) })
        {
            await AppliedAsync(intent with { Generation = generation++ });
            state = await AbortedAsync(generation++, level);
            state.WeightOf(Harness.Canary).ShouldBe(0);
            state.WeightOf(Harness.Stable).ShouldBe(BasisPoints.All);
            (await CanariesAsync(50)).ShouldBe(0);
        }
    }

    [Fact]
    public async Task overrides_and_mirrors_are_gone_after_an_abort()
    {
        await AppliedAsync(Rich(1));
        await AbortedAsync(2, AbortLevel.StopSticky);
        var state = await ReadAsync();
        state.Overrides.ShouldBeEmpty();
        state.Mirror.ShouldBeNull();
        (await CanariesAsync(20, _ => new RouterRequest(("x-arm", "canary"), ("arm", "canary")))).ShouldBe(0);
    }

    [Fact]
    public async Task sticky_units_go_to_stable_after_an_abort_that_stops_them()
    {
        var sticky = StickyOrSkip();
        if (!Able.StopsSticky)
            Assert.Skip("this backend can't move sticky units, and says so");
        await AppliedAsync(Intent(10_000, 1) with { Stickiness = sticky });
        (await ArmsAsync(sticky)).ShouldAllBe(a => a == Harness.Canary);
        await AbortedAsync(2, AbortLevel.StopSticky);
        (await ArmsAsync(sticky)).ShouldAllBe(a => a == Harness.Stable);
    }

    [Fact]
    public async Task aborting_twice_is_aborting_once()
    {
        await AppliedAsync(Intent(5_000, 1));
        var first = await AbortedAsync(2, AbortLevel.StopSticky);
        var second = await AbortedAsync(2, AbortLevel.StopSticky);
        second.Revision.ShouldBe(first.Revision);
    }

    [Fact]
    public async Task an_abort_fences_the_intents_before_it()
    {
        await AppliedAsync(Intent(5_000, 4));
        var aborted = await AbortedAsync(6, AbortLevel.StopSticky);
        Error(await Router.ApplyAsync(Intent(5_000, 5), aborted.Revision, Token)).Kind.ShouldBe(PluginErrorKind.Conflict);
        (await ReadAsync()).WeightOf(Harness.Canary).ShouldBe(0);
    }

    [Fact]
    public async Task an_abort_needs_no_canary()
    {
        await AppliedAsync(Intent(5_000, 1));
        await Harness.StopCanaryAsync(Token);
        await AbortedAsync(2, AbortLevel.CutInFlight);
        (await CanariesAsync(50)).ShouldBe(0);
    }

    [Fact]
    public async Task an_abort_of_a_backend_that_is_down_says_so_in_time_and_can_be_repeated()
    {
        await AppliedAsync(Intent(5_000, 1));
        if (!await Harness.StopBackendAsync(Token))
            Assert.Skip("this backend can't be down while the plugin runs");
        var order = new AbortOrder(Harness.Route, Harness.Stable, 2, AbortLevel.StopSticky);
        Error(await Router.AbortAsync(order, Token)).Kind.ShouldBeOneOf(PluginErrorKind.Unavailable, PluginErrorKind.OutcomeUnknown);
        await Harness.StartBackendAsync(Token);
        await AbortedAsync(2, AbortLevel.StopSticky);
        (await CanariesAsync(50)).ShouldBe(0);
    }

    [Fact]
    public async Task a_backend_that_was_restarted_is_brought_to_the_intent_again()
    {
        var intent = Rich(1);
        await AppliedAsync(intent);
        if (!await Harness.StopBackendAsync(Token))
            Assert.Skip("this backend can't be restarted while the plugin runs");
        await Harness.StartBackendAsync(Token);
        var found = await VerifiedAsync(intent);
        if (Able.KeepsStateOverRestart)
            found.ShouldBeOfType<Verification.Verified>();
        else
            found.ShouldBeOfType<Verification.Drifted>("what was lost must be seen, not taken for verified");
        await AppliedAsync(intent);
        (await VerifiedAsync(intent)).ShouldBeOfType<Verification.Verified>();
    }
}
