using Delivery.Contracts.Commands;
using Delivery.Contracts.Exposures;
using Delivery.Contracts.Targeting;
using Delivery.Evaluation;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Lifecycle;
using Decision = Delivery.Targeting.Flags.Decision;

namespace Delivery.Targeting.Tests.Governance;

/// <summary>Given a flag, its exposures and its code, then where it stands and why. Flags are created at noon of 27 November.</summary>
public sealed class LifecycleAssessments
{
    [Fact]
    public void a_new_flag_is_active() => Assess(Given.Flag("x"), 29).State.ShouldBe(LifecycleState.Active);

    [Fact]
    public void a_flag_that_nobody_ever_met_is_stale_after_a_month()
    {
        var lifecycle = Assess(Given.Flag("x"), 30);

        lifecycle.State.ShouldBe(LifecycleState.Stale);
        lifecycle.Reasons.ShouldBe([new LifecycleReason(LifecycleReasonKind.NeverExposed, "Nobody has met it since it was created 30 days ago.")]);
    }

    [Fact]
    public void a_flag_that_nobody_met_lately_says_since_when()
    {
        var reasons = Assess(Given.Flag("x"), 60, Met("production", "on", 0, firstDay: 1, lastDay: 20)).Reasons;

        reasons.Single(r => r.Kind == LifecycleReasonKind.NotExposed).Sentence.ShouldBe("Nobody has met it for 40 days: the last exposure was on 2026-12-17.");
    }

    [Fact]
    public void one_variant_for_everybody_is_told_with_its_share_only_where_every_environment_agrees()
    {
        var almost = Met("production", "off", 1, firstDay: 1, lastDay: 59);
        var most = Met("production", "on", 9_999, firstDay: 1, lastDay: 60);

        Assess(Given.Flag("x"), 60, most, almost).Reasons.Single().Sentence
            .ShouldBe("In production 'on' was served for 30 days: 9,999 of 10,000 exposures, 99.99 %.");
        Assess(Given.Flag("x"), 60, most with { Exposures = 990 }, almost with { Exposures = 10 }).State.ShouldBe(LifecycleState.Active);
        Assess(Given.Flag("x"), 60, most, Met("staging", "on", 5, 1, 60), Met("staging", "off", 5, 1, 60)).State.ShouldBe(LifecycleState.Active);
        Assess(Given.Flag("x"), 60, Met("production", "on", 9_999, firstDay: 31, lastDay: 60)).State.ShouldBe(LifecycleState.Active);
    }

    [Fact]
    public void a_configuration_that_gives_everybody_the_same_for_long_is_rolled_out()
    {
        var full = Given.Flag("x", new FlagConfigured("production", new FlagConfiguration { Default = new Serve.Variant("on") }));
        var met = Met("production", "on", 10, firstDay: 20, lastDay: 40);

        Assess(full, 40, met).Reasons.Single().Sentence.ShouldBe("In production everybody gets 'on' since 2026-11-27, 40 days ago.");
        Assess(full, 20, met).State.ShouldBe(LifecycleState.Active);
    }

    [Fact]
    public void who_gets_what_depends_or_does_not()
    {
        Everybody(new FlagConfiguration { Default = new Serve.Variant("on") }).ShouldBe("on");
        Everybody(new FlagConfiguration { Enabled = false, Default = new Serve.Variant("on") }).ShouldBe("off");
        Everybody(new FlagConfiguration { Rules = [Given.Rule("all")] }).ShouldBe("on");
        Everybody(new FlagConfiguration { Rules = [Given.Split("half", 500_000)] }).ShouldBeNull();
        Everybody(new FlagConfiguration { Targets = [new IndividualTarget { Variant = "on", Units = ["u"] }] }).ShouldBeNull();
        EverybodysVariant.Of(Given.Flag("x"), new FlagInEnvironment { Releases = [new Release("r", "on", "targetingKey", null, 1_000_000)] }).ShouldBe("on");
        EverybodysVariant.Of(Given.Flag("x"), new FlagInEnvironment { Releases = [new Release("r", "on", "targetingKey", null, 10_000)] }).ShouldBeNull();
        EverybodysVariant.Of(Given.Flag("x"), new FlagInEnvironment { Killed = true }).ShouldBe("off");

        static string? Everybody(FlagConfiguration configuration) =>
            EverybodysVariant.Of(Given.Flag("x"), new FlagInEnvironment { Configuration = configuration });
    }

    [Fact]
    public void a_flag_that_no_code_names_any_more_is_ready_to_remove_once_nobody_meets_it()
    {
        var gone = FlagInCode.Nowhere.With("shop/web", new LastReference("3f2c1a9b8d7e6f5a4b3c", Given.Noon.AddDays(3)));

        var ready = Assess(Given.Flag("x"), 20, gone, Met("production", "on", 10, 1, 10));
        ready.State.ShouldBe(LifecycleState.ReadyToRemove);
        ready.Reasons.Single().Sentence.ShouldBe("No code refers to it any more; shop/web did until 3f2c1a9b8d7e of 2026-11-30.");
        var still = Assess(Given.Flag("x"), 20, gone, Met("production", "on", 10, 1, 18));
        still.State.ShouldBe(LifecycleState.Stale);
        still.Reasons.Single().Sentence.ShouldEndWith("But it was met on 2026-12-15: wait until the old releases are gone.");
        Assess(Given.Flag("x"), 20, gone with { Places = 2 }).State.ShouldBe(LifecycleState.Active);
        Assess(Given.Flag("x"), 20, FlagInCode.Nowhere).State.ShouldBe(LifecycleState.Active);
    }

    [Fact]
    public void expiry_age_the_permanent_tag_and_archiving()
    {
        Assess(Define(identity => identity with { ExpiresOn = new DateOnly(2026, 12, 1) }), 10).Reasons.Single().Sentence
            .ShouldBe("It should have been gone on 2026-12-01, 6 days ago.");
        Assess(Define(identity => identity with { ExpiresOn = new DateOnly(2026, 12, 7) }), 10).State.ShouldBe(LifecycleState.Active);
        Assess(Given.Flag("x"), 180, Met("production", "on", 5, 1, 180), Met("production", "off", 5, 1, 180)).Reasons.Single().Kind.ShouldBe(LifecycleReasonKind.Old);
        Assess(Define(identity => identity with { Tags = ["permanent"] }), 400).State.ShouldBe(LifecycleState.Permanent);
        var archived = Assess(Given.Flag("x", new FlagArchived()), 400);
        (archived.State, archived.Reasons.Count, archived.AgeDays).ShouldBe((LifecycleState.Archived, 0, 400));
    }

    [Fact]
    public void an_upload_that_says_the_same_is_no_event_and_faults_name_their_place()
    {
        var upload = new UploadCodeReferences(Given.Person("ci"), "shop/web", "abc", [new CodeReference("x", "src/a.cs", 3)]);
        var present = CodeRepository.Create(new JasperFx.Events.Event<CodeReferencesUploaded>(new("shop/web", "abc", [new("x", "src/a.cs", 3)])) { Version = 1 });

        CodeReferenceUpload.Decide(upload, null).Events().Count.ShouldBe(1);
        CodeReferenceUpload.Decide(upload, present).Events().ShouldBeEmpty();
        CodeReferenceUpload.Decide(upload with { Revision = "def" }, present).Events().Count.ShouldBe(1);
        CodeReferenceUpload.Decide(upload with { References = [new("x", "a.cs", 0), new("no key", "a.cs", 1)] }, null)
            .ShouldBeOfType<Decision.Refuse>().Outcome.ShouldBeOfType<Outcome.Invalid>().Errors.Select(e => e.Field).ShouldBe(["references[0].line", "references[1].flag"]);
    }

    private static FlagLifecycle Assess(Flag flag, int day, params VariantUsage[] usage) => Assess(flag, day, null, usage);

    private static FlagLifecycle Assess(Flag flag, int day, FlagInCode? code, params VariantUsage[] usage) =>
        new Assessment(flag, usage, code, new LifecycleOptions(), Given.Noon.AddDays(day)).Result();

    private static VariantUsage Met(string environment, string variant, long exposures, int firstDay, int lastDay) =>
        new(environment, "x", variant, exposures, DateOnly.FromDateTime(Given.Noon.AddDays(firstDay).Date), Given.Noon.AddDays(lastDay));

    private static Flag Define(Func<FlagIdentity, FlagIdentity> change) => Given.Flag("x", new FlagDefined(change(Given.Flag("x").Identity)));
}
