using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;
using Delivery.Evaluation;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Releases;
using JasperFx.Events;
using Decision = Delivery.Targeting.Flags.Decision;

namespace Delivery.Targeting.Tests.Flags;

/// <summary>Given a flag's events, when a command comes, then these events or this refusal.</summary>
public sealed class FlagDecisions
{
    private static readonly Audit Alice = new("alice", Contracts.Access.AccessRole.Operator, "c1");
    private static readonly Dictionary<string, Ruleset> Rulesets = new() { ["production"] = new(), ["staging"] = new() };

    [Fact]
    public void a_boolean_flag_without_variants_gets_on_and_off()
    {
        var created = FlagCreation.Event(Create("x"));

        created.Identity.Variants.Select(v => v.Key).ShouldBe(["on", "off"]);
        created.Identity.OffVariant.ShouldBe("off");
    }

    [Fact]
    public void a_flag_serves_the_off_variant_everywhere_until_someone_says_otherwise()
    {
        var definition = Given().Definition("production");

        definition.Enabled.ShouldBeTrue();
        definition.Default.ShouldBeNull();
        definition.Rules.ShouldBeEmpty();
    }

    [Fact]
    public void a_kill_is_one_event_and_a_second_kill_none()
    {
        Events(FlagKilling.Decide(new KillFlag(Alice, "x", "production"), Given())).ShouldBe([new FlagKilled("production")]);
        Events(FlagKilling.Decide(new KillFlag(Alice, "x", "production"), Given(new FlagKilled("production")))).ShouldBeEmpty();
        Events(FlagKilling.Decide(new RestoreFlag(Alice, "x", "production"), Given())).ShouldBeEmpty();
    }

    [Fact]
    public void a_release_keeps_two_rules_at_the_head_and_a_person_keeps_theirs_behind()
    {
        var flag = Given(
            new FlagConfigured("production", new FlagConfiguration { Rules = [Rule("mine")] }),
            new ReleaseOpened("production", new Release("r", "on", "targetingKey", new Condition.InSegment("dev"), 50_000)));

        var rules = flag.Definition("production").Rules;

        rules.Select(r => r.Id).ShouldBe(["rollout:r:ring", "rollout:r:public", "mine"]);
        rules.Take(2).ShouldAllBe(r => r.ManagedBy == "rollout:r");
        rules[1].Serve.ShouldBeOfType<Serve.Split>().Assignment.ExposurePartsPerMillion.ShouldBe(50_000);
        flag.Definition("staging").Rules.ShouldBeEmpty();
    }

    [Fact]
    public void raising_a_release_keeps_its_salt_and_its_place()
    {
        var flag = Given(
            new ReleaseOpened("production", new Release("first", "on", "targetingKey", null, 10_000)),
            new ReleaseOpened("production", new Release("second", "on", "targetingKey", null, 10_000)),
            new ReleaseOpened("production", new Release("first", "on", "targetingKey", null, 1_000_000)));

        var rules = flag.Definition("production").Rules;

        rules.Select(r => r.Id).ShouldBe(["rollout:second:public", "rollout:first:public"]);
        rules[1].Serve.ShouldBeOfType<Serve.Split>().Assignment.Salt.ShouldBe("rollout:first");
    }

    [Fact]
    public void the_same_stage_again_is_no_event()
    {
        var flag = Given(new ReleaseOpened("production", new Release("r", "on", "targetingKey", null, 1_000_000)));

        Events(ReleaseOpening.Decide(Open("r", 1_000_000), flag, new Ruleset())).ShouldBeEmpty();
        Events(ReleaseOpening.Decide(Open("r", 500_000), flag, new Ruleset())).ShouldHaveSingleItem();
    }

    [Fact]
    public void a_release_is_refused_where_nobody_would_get_it()
    {
        Refusal(ReleaseOpening.Decide(Open("r", 10), Given(new FlagKilled("production")), new Ruleset())).ShouldBe("flag-killed");
        Refusal(ReleaseOpening.Decide(Open("r", 10), Given(new FlagArchived()), new Ruleset())).ShouldBe("flag-archived");
        Refusal(ReleaseOpening.Decide(Open("r", 10), Given(new FlagConfigured("production", new FlagConfiguration { Enabled = false })), new Ruleset())).ShouldBe("flag-disabled");
        Refusal(ReleaseOpening.Decide(Open("r", 10) with { Variant = "blue" }, Given(), new Ruleset())).ShouldBe("variant-missing");
    }

    [Fact]
    public void a_person_who_drops_moves_or_changes_managed_rules_is_refused()
    {
        var flag = Given(new ReleaseOpened("production", new Release("r", "on", "targetingKey", null, 50_000)));
        var managed = flag.Definition("production").Rules[0];

        Refusal(Configure(flag)).ShouldBe("rules-managed");
        Refusal(Configure(flag, Rule("mine"), managed)).ShouldBe("rules-managed");
        Refusal(Configure(flag, managed with { Serve = new Serve.Variant("off") })).ShouldBe("rules-managed");
        Refusal(Configure(Given(), managed)).ShouldBe("rules-managed");
        Events(Configure(flag, managed, Rule("mine"))).ShouldHaveSingleItem()
            .ShouldBeOfType<FlagConfigured>().Configuration.Rules.Select(r => r.Id).ShouldBe(["mine"]);
    }

    [Fact]
    public void a_change_elsewhere_does_not_move_an_environments_version()
    {
        var before = Given(new FlagKilled("production")).Definition("production");
        var after = Given(new FlagKilled("production"), new FlagKilled("staging")).Definition("production");

        after.Version.ShouldBe(before.Version);
        after.Sequence.ShouldBe(before.Sequence);
    }

    [Fact]
    public void a_flag_under_release_is_not_archived()
    {
        Refusal(FlagArchiving.Decide(Given(new ReleaseOpened("production", new Release("r", "on", "targetingKey", null, 1))))).ShouldBe("release-open");
    }

    private static CreateFlag Create(string key) =>
        new(Alice, key, FlagType.Boolean, null, null, null, null, null, null, false, null);

    private static OpenRelease Open(string rollout, int exposurePpm) =>
        new(Alice, "x", "production", rollout, "on", "targetingKey", null, exposurePpm);

    private static Decision Configure(Flag flag, params Rule[] rules) =>
        FlagConfiguring.Decide(new ConfigureFlag(Alice, "x", "production", new FlagConfiguration { Rules = rules }), flag, new Ruleset());

    private static Rule Rule(string id) => new() { Id = id, Serve = new Serve.Variant("on") };

    private static Flag Given(params object[] more)
    {
        FlagCreation.Decide(Create("x"), null, Rulesets).ShouldBeOfType<Decision.Append>();
        object[] events = [FlagCreation.Event(Create("x")), .. more];
        return FlagHistory.Fold(events.Select((data, i) => Recorded(data, i + 1)))!;
    }

    private static IEvent Recorded(object data, int version)
    {
        var e = (IEvent)Activator.CreateInstance(typeof(Event<>).MakeGenericType(data.GetType()), data)!;
        e.Version = version;
        e.Sequence = 100 + version;
        return e;
    }

    private static IReadOnlyList<object> Events(Decision decision) => decision.ShouldBeOfType<Decision.Append>().Events;

    private static string Refusal(Decision decision) => decision.ShouldBeOfType<Decision.Refuse>().Outcome.ShouldBeOfType<Outcome.Refused>().Code;
}
