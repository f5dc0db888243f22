using System.Net;
using System.Text;
using Delivery.Evaluation;
using static Delivery.Client.Tests.Scenario;

namespace Delivery.Client.Tests;

public sealed class StreamTests
{
    private static readonly EvaluationContext User = new("user-1");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task start_returns_with_the_first_ruleset_of_the_server()
    {
        await using var scenario = new Scenario();
        await scenario.StartAsync(Ruleset(5, Boolean()));
        scenario.Client.EvaluateBoolean("new-checkout", User, false).ShouldBeTrue();
        scenario.Client.Status.ShouldBe(new ClientStatus(RulesetOrigin.Server, "production", 5, Connected: true, Noon));
    }

    [Fact]
    public async Task a_ruleset_in_single_bytes_with_heartbeats_between_lines_is_understood()
    {
        await using var scenario = new Scenario();
        var start = scenario.Client.StartAsync(Cancel);
        var stream = await scenario.Server.NextStreamAsync();
        var json = Encoding.UTF8.GetString(RulesetJson.Write(Ruleset(5, Boolean())));
        foreach (var letter in $": hello\r\n\r\nevent: ruleset\r\nid: 5\r\n: still here\r\ndata: {json}\r\n\r\n")
            await stream.SendAsync(letter.ToString());
        await start;
        scenario.Client.EvaluateBoolean("new-checkout", User, false).ShouldBeTrue();
    }

    [Fact]
    public async Task a_change_of_one_flag_leaves_the_others_as_they_are()
    {
        await using var scenario = new Scenario();
        var stream = await scenario.StartAsync(Ruleset(5, Boolean(), Boolean("other")));
        await stream.SendAsync(6, Boolean(killed: true, version: 2, sequence: 6));
        await scenario.UntilAsync(() => scenario.Client.Status.Sequence == 6);
        scenario.Client.EvaluateBoolean("new-checkout", User, true).ShouldBeFalse();
        scenario.Client.EvaluateBoolean("other", User, false).ShouldBeTrue();
    }

    [Fact]
    public async Task a_change_that_comes_after_a_newer_one_of_the_same_flag_is_ignored()
    {
        await using var scenario = new Scenario();
        var stream = await scenario.StartAsync(Ruleset(5, Boolean(), Boolean("other")));
        await stream.SendAsync(8, Boolean(killed: true, version: 3, sequence: 8));
        await stream.SendAsync(7, Boolean(version: 2, sequence: 7));
        await stream.SendAsync(9, Boolean("other", killed: true, version: 2, sequence: 9));
        await scenario.UntilAsync(() => scenario.Client.Status.Sequence == 9);
        scenario.Client.EvaluateBooleanDetails("new-checkout", User, true).FlagVersion.ShouldBe(3);
    }

    [Fact]
    public async Task a_segments_members_a_layer_and_a_holdout_come_by_themselves()
    {
        await using var scenario = new Scenario();
        var flag = Boolean() with { Rules = [new Rule { Id = "r", Condition = new Condition.InSegment("s"), Serve = new Serve.Variant("on") }], Default = new Serve.Variant("off") };
        var stream = await scenario.StartAsync(Ruleset(5, flag) with { Segments = [new Segment { Key = "s", Included = ["user-2"], Version = 1 }] });
        bool On() => scenario.Client.EvaluateBoolean("new-checkout", User, true);
        On().ShouldBeFalse();

        await stream.SendAsync(Part("segment-members", """{"sequence":6,"key":"s","version":2,"list":"included","added":["user-1"]}"""));
        await scenario.UntilAsync(() => scenario.Client.Status.Sequence == 6 && On());
        await stream.SendAsync(Part("segment", """{"sequence":7,"keepsMembers":true,"segment":{"key":"s","version":3,"condition":{"attribute":"a","operator":"exists"}}}"""));
        await scenario.UntilAsync(() => scenario.Client.Status.Sequence == 7);
        On().ShouldBeTrue();
        await stream.SendAsync(Part("segment-members", """{"sequence":8,"key":"s","version":4,"list":"excluded","added":["user-1"]}"""));
        await scenario.UntilAsync(() => scenario.Client.Status.Sequence == 8 && !On());
        await stream.SendAsync(Part("segment-members", """{"sequence":9,"key":"s","version":5,"list":"excluded","removed":["user-1"]}"""));
        await scenario.UntilAsync(() => scenario.Client.Status.Sequence == 9 && On());
        await stream.SendAsync(Part("holdout", """{"sequence":10,"holdout":{"key":"h","heldOutPartsPerMillion":1000000,"flags":["new-checkout"]}}"""));
        await scenario.UntilAsync(() => scenario.Client.Status.Sequence == 10 && !On());
        await stream.SendAsync(Part("population-deleted", """{"sequence":11,"kind":"holdout","key":"h"}"""));
        await scenario.UntilAsync(() => scenario.Client.Status.Sequence == 11 && On());
        await stream.SendAsync(Part("layer", """{"sequence":12,"layer":{"key":"l","slots":[{"flag":"new-checkout","start":0,"end":0}]}}"""));
        await scenario.UntilAsync(() => scenario.Client.Status.Sequence == 12 && !On());
    }

    [Fact]
    public async Task a_change_of_members_with_one_before_it_missing_asks_for_the_whole_ruleset()
    {
        await using var scenario = new Scenario();
        var stream = await scenario.StartAsync(Ruleset(5, Boolean()) with { Segments = [new Segment { Key = "s", Included = ["user-2"], Version = 1 }] });
        var next = scenario.Server.NextStreamAsync();

        await stream.SendAsync(Part("segment-members", """{"sequence":7,"key":"s","version":3,"list":"included","added":["user-1"]}"""));
        await scenario.UntilAsync(next);

        (await next).Query.ShouldBe("?parts=true");
    }

    private static string Part(string kind, string json) => $"event: {kind}\ndata: {json}\n\n";

    [Fact]
    public async Task a_late_change_of_another_flag_is_taken()
    {
        await using var scenario = new Scenario();
        var stream = await scenario.StartAsync(Ruleset(5, Boolean(), Boolean("other")));
        await stream.SendAsync(8, Boolean(killed: true, version: 2, sequence: 8));
        await stream.SendAsync(7, Boolean("other", killed: true, version: 2, sequence: 7));
        await scenario.UntilAsync(() => !scenario.Client.EvaluateBoolean("other", User, true));
        scenario.Client.Status.Sequence.ShouldBe(8);
    }

    [Fact]
    public async Task a_broken_stream_is_opened_again_from_the_sequence_held_and_evaluation_goes_on_meanwhile()
    {
        await using var scenario = new Scenario();
        var first = await scenario.StartAsync(Ruleset(5, Boolean()));
        first.Query.ShouldBe("?parts=true");
        first.End();
        await scenario.UntilAsync(() => scenario.Client.Status.IsStale);
        scenario.Client.EvaluateBooleanDetails("new-checkout", User, false).ShouldSatisfyAllConditions(
            details => details.Value.ShouldBeTrue(), details => details.Stale.ShouldBeTrue());
        var next = scenario.Server.NextStreamAsync();
        await scenario.UntilAsync(next);
        (await next).Query.ShouldBe("?parts=true&sequence=5");
        await (await next).SendAsync(6, Boolean(killed: true, version: 2, sequence: 6));
        await scenario.UntilAsync(() => !scenario.Client.EvaluateBoolean("new-checkout", User, true));
        scenario.Client.Status.Connected.ShouldBeTrue();
    }

    [Fact]
    public async Task a_silent_stream_is_given_up_and_opened_again()
    {
        await using var scenario = new Scenario(options => options.StreamSilence = TimeSpan.FromSeconds(20));
        await scenario.StartAsync(Ruleset(5, Boolean()));
        var next = scenario.Server.NextStreamAsync();
        await scenario.UntilAsync(next);
        (scenario.Time.GetUtcNow() - Noon).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(20));
        scenario.Log.Warnings.ShouldContain(text => text.Contains("Nothing was heard for 20 s", StringComparison.Ordinal));
    }

    [Fact]
    public async Task a_ruleset_older_than_the_one_held_is_ignored_with_a_warning()
    {
        await using var scenario = new Scenario();
        var stream = await scenario.StartAsync(Ruleset(5, Boolean(killed: true, sequence: 5)));
        await stream.SendAsync(Ruleset(4, Boolean()));
        await scenario.UntilAsync(() => scenario.Log.Warnings.Any(text => text.Contains("older than 5", StringComparison.Ordinal)));
        scenario.Client.EvaluateBoolean("new-checkout", User, true).ShouldBeFalse();
    }

    [Fact]
    public async Task a_message_that_is_not_json_breaks_the_stream_and_the_next_one_heals_it()
    {
        await using var scenario = new Scenario();
        var stream = await scenario.StartAsync(Ruleset(5, Boolean()));
        await stream.SendAsync("event: flag\ndata: {not json\n\n");
        var next = scenario.Server.NextStreamAsync();
        await scenario.UntilAsync(next);
        await (await next).SendAsync(Ruleset(6, Boolean(killed: true, sequence: 6)));
        await scenario.UntilAsync(() => !scenario.Client.EvaluateBoolean("new-checkout", User, true));
    }

    [Fact]
    public async Task a_message_of_an_unknown_kind_changes_nothing()
    {
        await using var scenario = new Scenario();
        var stream = await scenario.StartAsync(Ruleset(5, Boolean()));
        await stream.SendAsync("event: weather\ndata: {}\n\n");
        await stream.SendAsync(6, Boolean("other", sequence: 6));
        await scenario.UntilAsync(() => scenario.Client.Status.Sequence == 6);
    }

    [Fact]
    public async Task listeners_are_told_of_a_change_that_is_in_use_and_one_that_throws_harms_nobody()
    {
        await using var scenario = new Scenario();
        var seen = new List<bool>();
        scenario.Client.RulesetChanged += (_, _) => seen.Add(scenario.Client.EvaluateBoolean("new-checkout", User, false));
        scenario.Client.RulesetChanged += (_, _) => throw new InvalidOperationException("a careless listener");
        var stream = await scenario.StartAsync(Ruleset(5, Boolean()));
        await stream.SendAsync(6, Boolean(killed: true, version: 2, sequence: 6));
        await stream.SendAsync(6, Boolean(killed: true, version: 2, sequence: 6));
        await stream.SendAsync(7, Boolean(version: 3, sequence: 7));
        await scenario.UntilAsync(() => seen.Count == 3);
        seen.ShouldBe([true, false, true]);
        scenario.Client.Status.Connected.ShouldBeTrue();
    }

    [Fact]
    public async Task start_without_a_server_returns_at_once_and_warns_that_there_is_no_ruleset()
    {
        await using var scenario = new Scenario();
        scenario.Server.Down = true;
        await scenario.Client.StartAsync(Cancel);
        scenario.Client.Status.ShouldBe(new ClientStatus(RulesetOrigin.None, null, 0, Connected: false, null));
        scenario.Log.Warnings.ShouldContain(text => text.Contains("There is no ruleset", StringComparison.Ordinal));
        scenario.Server.Down = false;
        var stream = scenario.Server.NextStreamAsync();
        await scenario.UntilAsync(stream);
    }

    [Fact]
    public async Task a_server_that_never_answers_holds_the_start_no_longer_than_the_timeout()
    {
        await using var scenario = new Scenario(options => options.StartTimeout = TimeSpan.FromSeconds(3));
        var start = scenario.Client.StartAsync(Cancel);
        await scenario.Server.NextStreamAsync();
        await scenario.UntilAsync(start);
        (scenario.Time.GetUtcNow() - Noon).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task where_the_stream_is_not_to_be_had_the_ruleset_is_asked_for()
    {
        await using var scenario = new Scenario();
        scenario.Server.StreamStatus = HttpStatusCode.BadGateway;
        scenario.Server.Ruleset = Ruleset(5, Boolean());
        await scenario.Client.StartAsync(Cancel);
        scenario.Client.EvaluateBoolean("new-checkout", User, false).ShouldBeTrue();
        scenario.Client.Status.Connected.ShouldBeFalse();
    }

    [Fact]
    public void pauses_double_up_to_the_limit_and_are_drawn_from_the_upper_half()
    {
        var retries = new Retries(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1), seed: 1);
        foreach (var step in new[] { 100, 200, 400, 800, 1_000, 1_000 })
            retries.Next().TotalMilliseconds.ShouldBeInRange(step / 2.0, step);
        retries.Reset();
        retries.Next().TotalMilliseconds.ShouldBeInRange(50, 100);
    }
}
