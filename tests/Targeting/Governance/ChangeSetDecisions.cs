using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;
using Delivery.Evaluation;
using Delivery.Targeting.Changes;
using Delivery.Targeting.Flags;

namespace Delivery.Targeting.Tests.Governance;

/// <summary>Given flags, when written-down changes are made, then these events, or none and why.</summary>
public sealed class ChangeSetDecisions
{
    [Fact]
    public void each_change_is_made_on_what_those_before_it_left()
    {
        var made = Made(
            [
                new FlagChange.SetRules("x", "production", [Given.Split("half", 500_000)]),
                new FlagChange.SetExposure("x", "production", "half", 12.5),
                new FlagChange.Kill("x", "staging"),
                new FlagChange.Restore("x", "staging"),
            ],
            Given.Flag("x"));

        made.Events["x"].Select(e => e.GetType().Name).ShouldBe(["FlagConfigured", "FlagConfigured", "FlagKilled", "FlagRestored"]);
        var split = made.After["x"].In("production").Configuration.Rules[0].Serve.ShouldBeOfType<Serve.Split>().Assignment;
        (split.ExposurePartsPerMillion, split.Salt).ShouldBe((125_000, "s"));
        made.After["x"].In("staging").Killed.ShouldBeFalse();
    }

    [Fact]
    public void what_is_that_way_already_is_no_event()
    {
        Made([new FlagChange.Enable("x", "production"), new FlagChange.Restore("x", "production")], Given.Flag("x")).Events["x"].ShouldBeEmpty();
    }

    [Fact]
    public void one_change_that_does_not_apply_stops_all()
    {
        var stopped = Stopped([new FlagChange.Kill("x", "production"), new FlagChange.SetExposure("x", "production", "gone", 5)], Given.Flag("x"));

        stopped.Index.ShouldBe(1);
        stopped.Sentence.ShouldBe("The flag 'x' has no rule 'gone' with a split in production.");
    }

    [Fact]
    public void what_a_change_writes_anew_must_be_what_it_was_written_on()
    {
        var rules = new FlagChange.SetRules("x", "production", [Given.Rule("mine")]);
        var written = Footing.Of(Given.Flag("x"), "production");
        var moved = Given.Flag("x", new FlagConfigured("production", new FlagConfiguration { Rules = [Given.Rule("theirs")] }));

        Stopped([rules], moved, written).Sentence
            .ShouldBe("In production the rules of the flag 'x' are no longer what was there at its version 1; it is at version 2 now.");
        Made([new FlagChange.SetDefault("x", "production", new Serve.Variant("on"))], moved, written).Events["x"].Count.ShouldBe(1);
    }

    [Fact]
    public void a_rollout_that_goes_on_moves_nothing_that_a_person_wrote()
    {
        var written = Footing.Of(Given.Flag("x"), "production");
        var ramped = FlagHistory.Apply(Given.Flag("x"), new JasperFx.Events.Event<ReleaseOpened>(
            new ReleaseOpened("production", new Release("r", "on", "targetingKey", null, 10)))
        { Version = 2, Sequence = 7 })!;

        written.Moved(ramped).ShouldBeEmpty();
    }

    [Fact]
    public void flags_and_environments_that_are_not_there_and_archived_flags_are_told()
    {
        Stopped([new FlagChange.Enable("y", "production")], Given.Flag("x")).Outcome.ShouldBe(new Outcome.NotFound("flag", "y"));
        Stopped([new FlagChange.Enable("x", "mars")], Given.Flag("x")).Outcome.ShouldBe(new Outcome.NotFound("environment", "mars"));
        Stopped([new FlagChange.Disable("x", "production")], Given.Flag("x", new FlagArchived())).Outcome.ShouldBeOfType<Outcome.Refused>().Code.ShouldBe("flag-archived");
    }

    [Fact]
    public void a_fault_names_the_change_and_its_field()
    {
        var managed = Given.Rule("mine") with { ManagedBy = "rollout:r" };

        Fields([new FlagChange.SetDefault("x", "production", new Serve.Variant("blue"))]).ShouldContain(field => field.StartsWith("changes[0].default", StringComparison.Ordinal));
        Fields([new FlagChange.Enable("x", "staging"), new FlagChange.SetRules("x", "production", [managed])]).ShouldBe(["changes[1].rules[0].managedBy"]);
        Fields([new FlagChange.SetExposure("x", "production", "r", 101)]).ShouldBe(["changes[0].exposurePercent"]);
    }

    [Fact]
    public void a_definition_and_an_archiving_are_changes_like_any_other()
    {
        var identity = Given.Flag("x").Identity;
        var made = Made(
            [new FlagChange.Define("x", identity.Type, identity.Variants, "off", Owner: "shop"), new FlagChange.Archive("x")], Given.Flag("x"));

        made.After["x"].Identity.Owner.ShouldBe("shop");
        made.After["x"].Archived.ShouldBeTrue();
    }

    private static ChangeResult Make(IReadOnlyList<FlagChange> changes, Flag flag, Footing? footing) =>
        ChangeSet.Make(changes, Given.Flags(flag), Given.Rulesets, footing is null ? null : [.. changes.Select(_ => footing)], Given.Noon);

    private static ChangeResult.Made Made(IReadOnlyList<FlagChange> changes, Flag flag, Footing? footing = null) =>
        Make(changes, flag, footing).ShouldBeOfType<ChangeResult.Made>();

    private static ChangeResult.Stopped Stopped(IReadOnlyList<FlagChange> changes, Flag flag, Footing? footing = null) =>
        Make(changes, flag, footing).ShouldBeOfType<ChangeResult.Stopped>();

    private static IEnumerable<string> Fields(IReadOnlyList<FlagChange> changes) =>
        Stopped(changes, Given.Flag("x")).Outcome.ShouldBeOfType<Outcome.Invalid>().Errors.Select(error => error.Field);
}
