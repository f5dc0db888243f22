using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Compliance;

/// <summary>Reading, applying, planning, verifying.</summary>
public abstract partial class RouterCompliance
{
    /// <summary>The weights that are tried, in basis points.</summary>
    public static TheoryData<int> Weights => [0, 100, 5_000, 9_900, 10_000];

    [Fact]
    public void the_descriptor_names_the_route_and_its_arms()
    {
        var route = Router.Descriptor.Routes.Single(r => r.Name == Harness.Route);
        route.Arms.ShouldContain(Harness.Stable);
        route.Arms.ShouldContain(Harness.Canary);
        Able.WeightStep.ShouldBeInRange(1, BasisPoints.All);
        (Router is IWatchesRoutes).ShouldBe(Able.Watches);
    }

    [Theory]
    [MemberData(nameof(Weights))]
    public async Task what_was_applied_is_read_and_verified(int canary)
    {
        var intent = Intent(canary, 1);
        Router.Validate(intent).ShouldBeEmpty();
        var applied = await AppliedAsync(intent);
        var read = await ReadAsync();
        read.WeightOf(Harness.Canary).ShouldBe(applied.WeightOf(Harness.Canary));
        read.WeightOf(Harness.Stable).ShouldBe(BasisPoints.All - read.WeightOf(Harness.Canary));
        read.Revision.ShouldNotBeEmpty();
        if (Able.Verifies)
            (await VerifiedAsync(intent)).ShouldBeOfType<Verification.Verified>();
    }

    [Theory]
    [MemberData(nameof(Weights))]
    public async Task traffic_follows_the_weights(int canary)
    {
        await AppliedAsync(Intent(canary, 1));
        var share = (double)await CanariesAsync(Harness.Requests) / Harness.Requests;
        var expected = (double)Rounded(canary) / BasisPoints.All;
        // Five standard deviations, and for the long tail of a small share nine requests more: wrong once in ten million runs.
        share.ShouldBe(expected, expected is 0 or 1 ? 1e-9 : (5 * Math.Sqrt(expected * (1 - expected) / Harness.Requests)) + (9.0 / Harness.Requests));
    }

    [Theory]
    [InlineData(133)]
    [InlineData(1)]
    [InlineData(9_999)]
    public async Task the_canary_rounds_down(int canary)
    {
        var state = await AppliedAsync(Intent(canary, 1));
        state.WeightOf(Harness.Canary).ShouldBe(Rounded(canary));
        state.WeightOf(Harness.Stable).ShouldBe(BasisPoints.All - Rounded(canary));
    }

    [Fact]
    public async Task the_whole_intent_is_there_and_what_is_not_in_the_next_one_is_gone()
    {
        var rich = Rich(1);
        var state = await AppliedAsync(rich);
        state.Overrides.ShouldBe(rich.Overrides, ignoreOrder: true);
        state.Mirror.ShouldBe(rich.Mirror);
        state.Stickiness.ShouldBe(rich.Stickiness);
        var bare = await AppliedAsync(Intent(5_000, 2));
        bare.Overrides.ShouldBeEmpty();
        bare.Mirror.ShouldBeNull();
        bare.Stickiness.ShouldBeNull();
    }

    [Fact]
    public async Task applying_twice_is_applying_once()
    {
        var intent = Rich(1);
        var first = await AppliedAsync(intent);
        var second = await AppliedAsync(intent);
        second.Revision.ShouldBe(first.Revision);
        Value(await Router.PlanAsync(intent, second, Token)).Changes.ShouldBeEmpty();
    }

    [Fact]
    public async Task a_plan_says_what_would_be_and_changes_nothing()
    {
        var before = await AppliedAsync(Intent(0, 1));
        var plan = Value(await Router.PlanAsync(Intent(5_000, 2), before, Token));
        plan.Changes.ShouldNotBeEmpty();
        plan.After.WeightOf(Harness.Canary).ShouldBe(Rounded(5_000));
        var after = await ReadAsync();
        after.Revision.ShouldBe(before.Revision);
        after.WeightOf(Harness.Canary).ShouldBe(0);
    }

    [Fact]
    public async Task an_unknown_route_is_not_found()
    {
        var intent = Intent(100, 1) with { Route = "nobody-knows-it" };
        Error(await Router.ReadAsync(intent.Route, Token)).Kind.ShouldBe(PluginErrorKind.NotFound);
        Error(await Router.ApplyAsync(intent, "1", Token)).Kind.ShouldBe(PluginErrorKind.NotFound);
        Error(await Router.AbortAsync(new AbortOrder(intent.Route, intent.Stable, 2, AbortLevel.StopNew), Token)).Kind.ShouldBe(PluginErrorKind.NotFound);
        (await Router.VerifyAsync(intent, Token)).ShouldBeOfType<Verification.Unverifiable>().Error.Kind.ShouldBe(PluginErrorKind.NotFound);
    }

    [Fact]
    public async Task a_change_since_the_read_is_a_conflict_and_changes_nothing()
    {
        var old = await AppliedAsync(Intent(100, 1));
        await AppliedAsync(Intent(5_000, 2));
        var failed = (await Router.ApplyAsync(Intent(10_000, 3), old.Revision, Token)).ShouldBeOfType<PluginResult<RouteState>.Failed>();
        failed.Error.Kind.ShouldBe(PluginErrorKind.Conflict);
        (await ReadAsync()).WeightOf(Harness.Canary).ShouldBe(5_000);
    }

    [Fact]
    public async Task a_writer_that_comes_late_is_fenced()
    {
        var seen = await AppliedAsync(Intent(5_000, 7));
        Error(await Router.ApplyAsync(Intent(10_000, 6), seen.Revision, Token)).Kind.ShouldBe(PluginErrorKind.Conflict);
        (await ReadAsync()).WeightOf(Harness.Canary).ShouldBe(5_000);
        if (Able.KeepsGeneration)
            (await ReadAsync()).Generation.ShouldBe(7);
    }

    [Fact]
    public async Task a_change_by_somebody_else_is_drift()
    {
        var intent = Intent(5_000, 1);
        var mine = await AppliedAsync(intent);
        if (!await Harness.ChangeBehindAsync(Token))
            Assert.Skip("nobody else can change this backend");
        (await Router.VerifyAsync(intent, Token)).ShouldBeOfType<Verification.Drifted>().Differences.ShouldNotBeEmpty();
        Error(await Router.ApplyAsync(Intent(100, 2), mine.Revision, Token)).Kind.ShouldBe(PluginErrorKind.Conflict);
        await AppliedAsync(intent);
        (await VerifiedAsync(intent)).ShouldBeOfType<Verification.Verified>();
    }

    [Fact]
    public async Task cancelled_before_it_began_nothing_happened()
    {
        var before = await AppliedAsync(Intent(0, 1));
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(async () => await Router.ApplyAsync(Intent(10_000, 2), before.Revision, cancelled.Token));
        (await ReadAsync()).Revision.ShouldBe(before.Revision);
    }

    [Fact]
    public async Task cancelled_at_any_moment_it_has_happened_or_not_and_says_so()
    {
        var state = await AppliedAsync(Intent(0, 1));
        for (var i = 0; i < 100; i++)
        {
            var wanted = i % 2 == 0 ? 10_000 : 0;
            using var cancelled = new CancellationTokenSource(TimeSpan.FromMicroseconds(50 * i));
            PluginResult<RouteState>? answer = null;
            try
            {
                answer = await Router.ApplyAsync(Intent(wanted, i + 2), state.Revision, cancelled.Token);
            }
            catch (OperationCanceledException) when (cancelled.IsCancellationRequested)
            {
                answer = null;
            }

            var now = await ReadAsync();
            if (answer is null)
                now.Revision.ShouldBe(state.Revision, $"at {50 * i} µs it was cancelled, and yet it happened");
            else if (answer is PluginResult<RouteState>.Ok)
                now.WeightOf(Harness.Canary).ShouldBe(wanted);
            else
                Error(answer).Kind.ShouldBe(PluginErrorKind.OutcomeUnknown);
            state = now;
        }
    }

    private async Task<Verification> VerifiedAsync(RouteIntent intent)
    {
        var verification = await Router.VerifyAsync(intent, Token);
        for (var i = 0; verification is Verification.Pending && i < 1_200; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), Token);
            verification = await Router.VerifyAsync(intent, Token);
        }

        return verification;
    }
}
