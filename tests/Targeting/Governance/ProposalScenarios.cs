using System.Net;
using System.Text.Json;

namespace Delivery.Targeting.Tests.Governance;

[Collection(typeof(Governed))]
public sealed class ProposalScenarios(GovernedServer governed)
{
    private const string On = """{ "kind": "default", "flag": "FLAG", "environment": "production", "default": { "variant": "on" } }""";

    [Fact]
    public async Task a_direct_change_is_refused_to_admins_too_and_a_kill_is_an_emergency()
    {
        await Flag("direct");
        foreach (var client in new[] { governed.Alice, governed.Root })
        {
            using var change = await client.PutJson("/api/v1/flags/direct/environments/production", """{ "default": { "variant": "on" } }""");
            change.StatusCode.ShouldBe(HttpStatusCode.Conflict);
            (await change.Body()).Text("code").ShouldBe("approval-required");
        }

        using var staging = await governed.Alice.PutJson("/api/v1/flags/direct/environments/staging", """{ "default": { "variant": "on" } }""");
        staging.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await governed.Alice.Says("/api/v1/flags/direct/environments/production/copy", """{ "from": "staging" }""")).Text("code").ShouldBe("approval-required");
        (await governed.Alice.Says("/api/v1/flags/direct/archive")).Text("code").ShouldBe("approval-required");
        (await governed.Alice.Says("/api/v1/flags/direct/environments/production/kill")).GetProperty("changed").GetBoolean().ShouldBeTrue();
        (await governed.Alice.Says("/api/v1/flags/direct/environments/production/restore")).Text("code").ShouldBe("approval-required");
        var killed = (await governed.Alice.GetJson("/api/v1/flags/direct/events")).GetProperty("items").EnumerateArray().Single(e => e.Text("type") == "flag-killed");
        killed.GetProperty("data").GetProperty("emergency").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task a_flag_is_not_born_with_a_configuration_in_a_guarded_environment()
    {
        (await governed.Alice.Says("/api/v1/flags", """{ "key": "born", "type": "boolean", "environments": { "production": { "default": { "variant": "on" } } } }""")).Text("code").ShouldBe("approval-required");
        (await governed.Alice.Says("/api/v1/import/delivery?environment=production", "{}")).TryGetProperty("code", out _).ShouldBeTrue();
    }

    [Fact]
    public async Task propose_review_approve_merge_are_events_and_the_merge_changes_all_flags_at_once()
    {
        await Flag("merged-a");
        await Flag("merged-b");
        var key = await Propose("Both on", $"{On.Replace("FLAG", "merged-a")}, {On.Replace("FLAG", "merged-b")}");

        var open = await governed.Alice.GetJson($"/api/v1/proposals/{key}");
        open.GetProperty("needsApproval").GetBoolean().ShouldBeTrue();
        open.GetProperty("obstacles")[0].GetString().ShouldBe("Someone other than alice must approve it first.");
        open.GetProperty("diff").EnumerateArray().Select(diff => diff.GetProperty("differences")[0].Text("path"))
            .ShouldBe(["environments.production.configuration.default", "environments.production.configuration.default"]);
        (await Word(governed.Alice, key, "merge")).Text("code").ShouldBe("approval-missing");
        (await Word(governed.Alice, key, "approve")).Text("code").ShouldBe("own-proposal");
        (await governed.Bob.Says($"/api/v1/proposals/{key}/comments", """{ "text": "why both?" }""")).GetProperty("changed").GetBoolean().ShouldBeTrue();
        (await Word(governed.Bob, key, "approve", "fine")).GetProperty("changed").GetBoolean().ShouldBeTrue();
        (await Word(governed.Bob, key, "approve")).GetProperty("changed").GetBoolean().ShouldBeFalse();
        (await Word(governed.Alice, key, "merge")).GetProperty("changed").GetBoolean().ShouldBeTrue();
        (await Word(governed.Alice, key, "merge")).GetProperty("changed").GetBoolean().ShouldBeFalse();

        foreach (var flag in new[] { "merged-a", "merged-b" })
            (await governed.Alice.GetJson($"/api/v1/flags/{flag}")).In("production").GetProperty("default").Text("variant").ShouldBe("on");
        var events = await governed.Alice.GetJson($"/api/v1/proposals/{key}/events");
        events.Each("type").ShouldBe(["proposal-made", "proposal-commented", "proposal-approved", "proposal-merged"]);
        events.Each("actor").ShouldBe(["alice", "bob", "bob", "alice"]);
        var merged = await governed.Alice.GetJson($"/api/v1/proposals/{key}");
        (merged.Text("state"), merged.Text("endedBy")).ShouldBe(("merged", "alice"));
        merged.GetProperty("diff")[0].GetProperty("differences").GetArrayLength().ShouldBe(1);
        (await Word(governed.Bob, key, "reject")).Text("code").ShouldBe("proposal-ended");
    }

    [Fact]
    public async Task a_merge_is_refused_when_the_flag_moved_and_a_rebase_asks_for_approval_anew()
    {
        await Flag("rebased");
        var key = await Propose("On", On.Replace("FLAG", "rebased"));
        await Word(governed.Bob, key, "approve");
        await governed.Bob.Says("/api/v1/flags/rebased/environments/production/kill");

        (await Word(governed.Alice, key, "merge")).Text("code").ShouldBe("proposal-moved");
        (await Word(governed.Alice, key, "rebase")).GetProperty("changed").GetBoolean().ShouldBeTrue();
        (await Word(governed.Alice, key, "merge")).Text("code").ShouldBe("approval-missing");
        (await governed.Alice.GetJson($"/api/v1/proposals/{key}")).Text("state").ShouldBe("open");
        await Word(governed.Bob, key, "approve");
        (await Word(governed.Bob, key, "merge")).GetProperty("changed").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task a_proposal_with_a_time_is_scheduled_by_its_merge_and_made_then()
    {
        await Flag("later");
        var at = governed.Time.GetUtcNow().AddHours(3);
        (await governed.Alice.Says("/api/v1/scheduled-changes", $$"""{ "at": "{{at:O}}", "changes": [ {{On.Replace("FLAG", "later")}} ] }""")).Text("code").ShouldBe("approval-required");
        var key = await Propose("Later", On.Replace("FLAG", "later"), at);
        await Word(governed.Bob, key, "approve");
        await Word(governed.Alice, key, "merge");

        var scheduled = (await governed.Alice.GetJson($"/api/v1/proposals/{key}")).Text("scheduledChange");
        (await governed.Alice.GetJson($"/api/v1/scheduled-changes/{scheduled}")).Text("proposal").ShouldBe(key);
        (await governed.Alice.GetJson("/api/v1/flags/later")).In("production").TryGetProperty("default", out _).ShouldBeFalse();
        await governed.PassAsync(TimeSpan.FromHours(3));
        (await governed.Alice.GetJson("/api/v1/flags/later")).In("production").GetProperty("default").Text("variant").ShouldBe("on");
    }

    [Fact]
    public async Task what_was_scheduled_before_the_guard_fails_at_its_time()
    {
        using var made = await governed.Root.PostJson("/api/v1/environments", """{ "key": "canary" }""");
        await made.Json();
        await Flag("unguarded");
        var key = await governed.Alice.Made("/api/v1/scheduled-changes", $$"""
            { "at": "{{governed.Time.GetUtcNow().AddHours(1):O}}", "changes": [ { "kind": "disable", "flag": "unguarded", "environment": "canary" } ] }
            """);
        using var guard = await governed.Root.PutJson("/api/v1/environments/canary/approval", """{ "requiresApproval": true }""");
        await guard.Json();

        await governed.PassAsync(TimeSpan.FromHours(1));

        (await governed.Alice.GetJson($"/api/v1/scheduled-changes/{key}")).Text("reason")!.ShouldContain("'canary' requires a second person");
        (await governed.Root.GetJson("/api/v1/environments/canary/events")).Each("type").ShouldBe(["environment-created", "environment-approval-required"]);
        // The other tests of this server count on one guarded environment.
        using var lifted = await governed.Root.PutJson("/api/v1/environments/canary/approval", """{ "requiresApproval": false }""");
        await lifted.Json();
    }

    [Fact]
    public async Task the_guard_is_the_admins_and_populations_that_reach_behind_it_too()
    {
        using var operatorGuard = await governed.Alice.PutJson("/api/v1/environments/production/approval", """{ "requiresApproval": false }""");
        operatorGuard.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        await Flag("asks");
        using var segment = await governed.Alice.PutJson("/api/v1/segments/testers", """{ "included": ["u1"] }""");
        await segment.Json();
        var key = await Propose("Testers", """{ "kind": "rules", "flag": "asks", "environment": "production", "rules": [ { "id": "t", "condition": { "segment": "testers" }, "serve": { "variant": "on" } } ] }""");
        await Word(governed.Bob, key, "approve");
        (await Word(governed.Bob, key, "merge")).GetProperty("changed").GetBoolean().ShouldBeTrue();

        using var refused = await governed.Alice.PutJson("/api/v1/segments/testers", """{ "included": ["u1", "u2"] }""");
        (await refused.Body()).Text("code").ShouldBe("admin-required");
        using var byAdmin = await governed.Root.PutJson("/api/v1/segments/testers", """{ "included": ["u1", "u2"] }""");
        byAdmin.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var unused = await governed.Alice.PutJson("/api/v1/segments/nobody-asks", """{ "included": ["u1"] }""");
        unused.StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task a_rollout_there_is_started_by_someone_other_than_who_planned_it()
    {
        await Flag("ramped");
        using var planned = await governed.Alice.PostJson("/api/v1/rollouts", """{ "key": "ramped-1", "flag": "ramped", "variant": "on" }""");
        await planned.Json();

        (await governed.Alice.Says("/api/v1/rollouts/ramped-1/start")).Text("code").ShouldBe("second-person-needed");
        (await governed.Bob.Says("/api/v1/rollouts/ramped-1/start")).GetProperty("changed").GetBoolean().ShouldBeTrue();
        (await governed.Bob.Says("/api/v1/rollouts/ramped-1/abort")).GetProperty("changed").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task proposals_are_listed_newest_first_filtered_and_paged()
    {
        await Flag("proposed");
        var keys = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            governed.Time.Advance(TimeSpan.FromSeconds(1));
            keys.Add(await Propose($"Try {i}", On.Replace("FLAG", "proposed")));
        }

        await Word(governed.Alice, keys[0], "withdraw");
        var first = await governed.Alice.GetJson("/api/v1/proposals?flag=proposed&limit=2");
        first.Each("key").ShouldBe([keys[2], keys[1]]);
        (await governed.Alice.GetJson($"/api/v1/proposals?flag=proposed&limit=2&after={first.Text("next")}")).Each("key").ShouldBe([keys[0]]);
        (await governed.Alice.GetJson("/api/v1/proposals?flag=proposed&state=withdrawn")).Each("key").ShouldBe([keys[0]]);
        (await governed.Alice.GetJson("/api/v1/proposals?flag=proposed&author=bob")).Each("key").ShouldBeEmpty();
        using var wrong = await governed.Alice.GetAsync(new Uri("/api/v1/proposals?state=lost", UriKind.Relative), TestContext.Current.CancellationToken);
        wrong.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("""{ "title": "", "changes": [ { "kind": "kill", "flag": "x", "environment": "staging" } ] }""", "title")]
    [InlineData("""{ "title": "t", "changes": [] }""", "changes")]
    [InlineData("""{ "title": "t", "at": "2020-01-01T00:00:00Z", "changes": [ { "kind": "kill", "flag": "x", "environment": "staging" } ] }""", "at")]
    public async Task bad_input_names_its_field(string json, string field)
    {
        using var response = await governed.Alice.PostJson("/api/v1/proposals", json);
        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await response.Body()).GetProperty("errors").TryGetProperty(field, out _).ShouldBeTrue();
    }

    private Task Flag(string key) => governed.Alice.GivenFlag($$"""{ "key": "{{key}}", "type": "boolean" }""");

    private Task<string> Propose(string title, string changes, DateTimeOffset? at = null) => governed.Alice.Made(
        "/api/v1/proposals", $$"""{ "title": "{{title}}", "changes": [ {{changes}} ]{{(at is { } time ? $", \"at\": \"{time:O}\"" : "")}} }""");

    private static Task<JsonElement> Word(HttpClient client, string key, string word, string comment = "") =>
        client.Says($"/api/v1/proposals/{key}/{word}", JsonSerializer.Serialize(new { comment }));
}
