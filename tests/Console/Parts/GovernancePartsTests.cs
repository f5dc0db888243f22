using System.Security.Claims;
using System.Text.Json;
using Bunit;
using Delivery.Console.Parts;
using Delivery.Console.Shell;
using Delivery.Contracts.Access;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;
using Delivery.Evaluation;
using Mediator;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Delivery.Console.Tests.Parts;

public sealed class GovernancePartsTests : BunitContext
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);
    private static readonly FlagChange Disable = new FlagChange.Disable("x", "production");
    private readonly AnsweringSender _sender = new();

    public GovernancePartsTests()
    {
        Services.AddSingleton<ISender>(_sender);
        Services.AddSingleton<TimeProvider>(new FakeTimeProvider(Noon));
        Services.AddScoped<Platform>();
        var person = AddAuthorization();
        person.SetAuthorized("olga");
        person.SetClaims(new Claim(AccessPolicy.RoleClaim, nameof(AccessRole.Operator)));
    }

    [Fact]
    public void a_proposal_shows_its_diff_its_review_and_what_stands_against_it()
    {
        var review = Review(Proposal("alice", obstacles: ["Someone other than alice must approve it first."]));

        review.Markup.ShouldContain("x in production: disable");
        review.Find("code.before").TextContent.ShouldBe("true");
        review.Find("code.after").TextContent.ShouldBe("false");
        review.Find(".obstacle").TextContent.ShouldBe("Someone other than alice must approve it first.");
        review.Find("button.merge").HasAttribute("disabled").ShouldBeTrue();
        review.Find("button.approve").HasAttribute("disabled").ShouldBeFalse();
    }

    [Fact]
    public void the_author_can_withdraw_and_neither_approve_nor_reject()
    {
        var review = Review(Proposal("olga", obstacles: ["x"]));

        review.Find("button.approve").HasAttribute("disabled").ShouldBeTrue();
        review.FindAll("button.reject").ShouldBeEmpty();
        review.FindAll("button.withdraw").Count.ShouldBe(1);
    }

    [Fact]
    public async Task approve_and_merge_are_sent_for_the_person_with_their_words()
    {
        var review = Review(Proposal("alice", obstacles: []));
        await review.Find("input.words").ChangeAsync(new() { Value = "looks right" });
        await review.Find("button.approve").ClickAsync(new());
        await review.Find("button.merge").ClickAsync(new());

        var approval = _sender.Sent[0].ShouldBeOfType<ApproveProposal>();
        (approval.Key, approval.Audit.Principal, approval.Audit.Comment).ShouldBe(("p", "olga", "looks right"));
        _sender.Sent[1].ShouldBeOfType<MergeProposal>().Key.ShouldBe("p");
    }

    [Fact]
    public async Task a_refusal_is_shown_in_its_words()
    {
        _sender.Answer = new Outcome.Refused("proposal-moved", "In production the rules have moved.");
        var review = Review(Proposal("alice", obstacles: []));
        await review.Find("button.merge").ClickAsync(new());

        review.Find("[role=alert]").TextContent.ShouldBe("In production the rules have moved.");
    }

    [Fact]
    public async Task a_pending_change_can_be_cancelled_and_a_failed_one_says_why()
    {
        var table = Render<ScheduledTable>(p => p.Add(t => t.Changes, [Scheduled("a", ScheduledChangeState.Pending), Scheduled("b", ScheduledChangeState.Failed)]));

        table.FindAll("button.cancel").Count.ShouldBe(1);
        table.Markup.ShouldContain("The rules moved.");
        await table.Find("button.cancel").ClickAsync(new());
        _sender.Sent.ShouldHaveSingleItem().ShouldBeOfType<CancelScheduledChange>().Key.ShouldBe("a");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task a_change_is_proposed_where_a_second_person_is_needed_and_scheduled_elsewhere(bool guarded)
    {
        var form = Render<ChangeForm>(p => p.Add(f => f.Flag, Line(guarded)));
        await form.Find("select.kind").ChangeAsync(new() { Value = "exposure" });
        await form.Find("input.rule").ChangeAsync(new() { Value = "half" });
        await form.Find("input.percent").ChangeAsync(new() { Value = "12.5" });
        await form.Find("input.at").ChangeAsync(new() { Value = "2026-11-28T06:00" });
        form.Find("button.send").TextContent.ShouldBe(guarded ? "Propose" : "Schedule");
        await form.Find("form").SubmitAsync();

        var expected = new FlagChange.SetExposure("x", "production", "half", 12.5);
        if (guarded)
            _sender.Sent.ShouldHaveSingleItem().ShouldBeOfType<ProposeChanges>().Changes.ShouldBe([expected]);
        else
            _sender.Sent.ShouldHaveSingleItem().ShouldBeOfType<ScheduleChange>().ShouldSatisfyAllConditions(
                sent => sent.Changes.ShouldBe([expected]), sent => sent.At.ShouldBe(new DateTimeOffset(2026, 11, 28, 6, 0, 0, TimeSpan.Zero)));
    }

    [Fact]
    public async Task the_trace_tells_the_condition_that_failed_its_attribute_and_the_bucket()
    {
        _sender.Answers[typeof(FlagExplanation)] = new FlagExplanation(Explained("""{ "targetingKey": "user-1", "country": "FR" }"""), null);
        var ask = Render<AskWhy>(p => p.Add(a => a.Flag, "x").Add(a => a.Environments, ["production", "staging"]));
        await ask.Find("form").SubmitAsync();

        _sender.Sent.ShouldHaveSingleItem().ShouldBeOfType<ExplainFlag>().Environment.ShouldBe("production");
        var steps = ask.FindAll(".steps > li");
        steps[1].TextContent.ShouldContain("germany");
        steps[1].QuerySelector(".condition .no").ShouldNotBeNull();
        steps[1].QuerySelector(".condition")!.TextContent.ShouldContain("country is FR");
        string.Join(' ', steps[2].TextContent.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).ShouldMatch(
            @"outside exposure: targetingKey is user-1, bucket 0\.\d{4}; open below 0");
        steps[3].ClassList.ShouldContain("decided");
    }

    [Fact]
    public async Task a_context_that_is_no_json_is_told_without_asking()
    {
        var ask = Render<AskWhy>(p => p.Add(a => a.Flag, "x").Add(a => a.Environments, ["production"]));
        await ask.Find("textarea").ChangeAsync(new() { Value = "{" });
        await ask.Find("form").SubmitAsync();

        ask.Find("[role=alert]").TextContent.ShouldBe("The context is no JSON object.");
        _sender.Sent.ShouldBeEmpty();
    }

    [Fact]
    public void the_lifecycle_says_its_reasons()
    {
        var note = Render<LifecycleNote>(p => p.Add(n => n.Lifecycle, new FlagLifecycle(
            LifecycleState.ReadyToRemove, [new(LifecycleReasonKind.NoReferences, "No code refers to it any more.")], 40, null, 0)));

        note.Find(".health").TextContent.ShouldBe("ready to remove");
        note.Find(".reason").TextContent.ShouldBe("No code refers to it any more.");
        note.Markup.ShouldContain("never met");
    }

    [Fact]
    public async Task an_environment_is_killed_with_a_reason_and_restored_only_where_one_person_may()
    {
        var line = Render<FlagPlaceLine>(p => p.Add(l => l.Place, Line(guarded: true).Environments[0]));
        await line.Find("input.reason").ChangeAsync(new() { Value = "fire" });
        await line.Find("button.kill").ClickAsync(new());

        var kill = _sender.Sent.ShouldHaveSingleItem().ShouldBeOfType<KillFlag>();
        (kill.Key, kill.Environment, kill.Audit.Comment).ShouldBe(("x", "production", "fire"));
        Render<FlagPlaceLine>(p => p.Add(l => l.Place, Line(guarded: true, killed: true).Environments[0])).FindAll("button.restore").ShouldBeEmpty();
        Render<FlagPlaceLine>(p => p.Add(l => l.Place, Line(guarded: false, killed: true).Environments[0])).FindAll("button.restore").Count.ShouldBe(1);
    }

    private static ProposalView Proposal(string author, IReadOnlyList<string> obstacles) => new(
        "p", "Off", ProposalState.Open, author, Noon, "why", [Disable], null, [], [], null, null, null, null, true, obstacles,
        [new FlagDiff("x", [new Difference("enabled", JsonSerializer.SerializeToElement(true), JsonSerializer.SerializeToElement(false))])], 1);

    private static ScheduledChangeView Scheduled(string key, ScheduledChangeState state) => new(
        key, Noon, state, [Disable], "alice", Noon, null, null, null, null, state == ScheduledChangeState.Failed ? "The rules moved." : null, null, null, 1);

    private static FlagLine Line(bool guarded, bool killed = false) => new(
        "x", FlagType.Boolean, "shop", [], null, null, [new FlagPlace("production", guarded, Definition() with { Killed = killed })],
        new FlagLifecycle(LifecycleState.Active, [], 1, null, null), Noon, 1);

    private static FlagDefinition Definition() => new()
    {
        Key = "x",
        Variants = [new Variant { Key = "on", Value = JsonSerializer.SerializeToElement(true) }, new Variant { Key = "off", Value = JsonSerializer.SerializeToElement(false) }],
        OffVariant = "off",
        Enabled = true,
        Rules =
        [
            new Rule { Id = "germany", Condition = new Condition.Attribute { Name = "country", Operator = ConditionOperator.In, Values = [JsonSerializer.SerializeToElement("DE")] }, Serve = new Serve.Variant("on") },
            new Rule { Id = "few", Serve = new Serve.Split(new Split(1) { Salt = "s", Weights = [new VariantWeight("on", 1)] }) },
        ],
    };

    private static Explanation Explained(string context)
    {
        using var json = JsonDocument.Parse(context);
        return Snapshot.Compile(new Ruleset { Environment = "production", Flags = [Definition()] }).Explain("x", EvaluationContext.FromJson(json.RootElement, time: Noon));
    }

    private IRenderedComponent<ProposalReview> Review(ProposalView proposal) => Render<ProposalReview>(p => p.Add(r => r.Proposal, proposal));
}
