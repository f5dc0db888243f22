using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;
using Mediator;

namespace Delivery.Targeting.Tests.Releases;

[Collection(typeof(Platform))]
public sealed class ReleaseScenarios(PlatformFixture platform)
{
    private static readonly Audit Rollouts = Audit.Platform("rollouts", "c1");

    [Fact]
    public async Task a_release_opens_in_steps_and_closes_and_every_unit_falls_back()
    {
        await platform.Admin.GivenFlag("""{ "key": "released", "type": "boolean", "owner": "shop" }""");

        (await Send(Open("released", 0))).ShouldBeOfType<Outcome.Done>();
        (await Exposed("released")).ShouldBe(0);
        await Send(Open("released", 100_000));
        var tenth = await Exposed("released");
        tenth.ShouldBeInRange(5, 45);
        (await Send(Open("released", 100_000))).ShouldBeOfType<Outcome.Done>().Changed.ShouldBeFalse();
        await Send(Open("released", 1_000_000));
        (await Exposed("released")).ShouldBe(200);
        (await Find("released"))!.OpenReleases.ShouldBe(["r-released"]);
        await Send(new CloseRelease(Rollouts, "released", "production", "r-released"));
        (await Exposed("released")).ShouldBe(0);
        (await Send(new CloseRelease(Rollouts, "released", "production", "r-released"))).ShouldBeOfType<Outcome.Done>().Changed.ShouldBeFalse();
    }

    [Fact]
    public async Task a_flag_is_found_with_what_a_rollout_must_know()
    {
        await platform.Admin.GivenFlag("""{ "key": "findable", "type": "boolean", "owner": "shop" }""");
        await platform.Admin.PostJson("/api/v1/flags/findable/environments/production/kill", "{}");

        var found = await Find("findable");

        found!.Owner.ShouldBe("shop");
        found.Variants.ShouldBe(["on", "off"]);
        found.Killed.ShouldBeTrue();
        found.HasEnvironment.ShouldBeTrue();
        (await Find("nowhere-to-be-found")).ShouldBeNull();
        (await Send(Open("findable", 10))).ShouldBeOfType<Outcome.Refused>().Code.ShouldBe("flag-killed");
    }

    private static OpenRelease Open(string flag, int ppm) => new(Rollouts, flag, "production", $"r-{flag}", "on", "targetingKey", null, ppm);

    private Task<Outcome> Send(Command command) =>
        platform.InScopeAsync<ISender, Outcome>(sender => sender.Send(command, TestContext.Current.CancellationToken));

    private Task<FlagSummary?> Find(string flag) =>
        platform.InScopeAsync<ISender, FlagSummary?>(sender => sender.Send(new FindFlag(flag, "production"), TestContext.Current.CancellationToken));

    private async Task<int> Exposed(string flag)
    {
        var exposed = 0;
        for (var unit = 0; unit < 200; unit++)
        {
            using var response = await platform.Admin.PostJson($"/ofrep/v1/evaluate/flags/{flag}", $$"""{ "context": { "targetingKey": "u{{unit}}" } }""");
            exposed += (await response.Json()).Text("variant") == "on" ? 1 : 0;
        }

        return exposed;
    }
}
