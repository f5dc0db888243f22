using System.Net;
using System.Text.Json;
using Delivery.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Delivery.Targeting.Tests.Governance;

[Collection(typeof(Governed))]
public sealed class ScheduledChangeScenarios(GovernedServer governed)
{
    [Fact]
    public async Task a_change_is_made_at_its_time_by_the_platform_for_who_scheduled_it()
    {
        await governed.Alice.GivenFlag("""{ "key": "timely", "type": "boolean" }""");
        var key = await Schedule(TimeSpan.FromHours(2), """{ "kind": "default", "flag": "timely", "environment": "staging", "default": { "variant": "on" } }""", "launch");

        await governed.PassAsync(TimeSpan.FromHours(1));
        (await Default("timely")).ShouldBeNull();
        await governed.PassAsync(TimeSpan.FromHours(1));

        (await Default("timely")).ShouldBe("on");
        var done = await governed.Alice.GetJson($"/api/v1/scheduled-changes/{key}");
        done.Text("state").ShouldBe("applied");
        done.GetProperty("lateSeconds").GetDouble().ShouldBe(0);
        var flagEvent = (await governed.Alice.GetJson("/api/v1/flags/timely/events")).GetProperty("items")[1];
        flagEvent.Text("actor").ShouldBe("schedule");
        flagEvent.Text("comment")!.ShouldStartWith("alice scheduled it for ");
        flagEvent.Text("comment")!.ShouldEndWith(": launch");
        var own = await governed.Alice.GetJson($"/api/v1/scheduled-changes/{key}/events");
        own.Each("type").ShouldBe(["change-scheduled", "change-applied"]);
        own.GetProperty("items")[1].GetProperty("data").Text("scheduledBy").ShouldBe("alice");
        await governed.PassAsync(TimeSpan.FromMinutes(1));
        (await governed.Alice.GetJson("/api/v1/flags/timely")).GetProperty("version").GetInt64().ShouldBe(2);
    }

    [Fact]
    public async Task the_flag_is_shown_as_it_will_be_with_what_changes_and_what_would_fail()
    {
        await governed.Alice.GivenFlag("""{ "key": "ahead", "type": "boolean" }""");
        var first = await Schedule(TimeSpan.FromHours(1), """{ "flag": "ahead", "environment": "staging", "rules": [ { "id": "a", "serve": { "variant": "on" } } ], "kind": "rules" }""");
        var second = await Schedule(TimeSpan.FromHours(2), """{ "kind": "rules", "flag": "ahead", "environment": "staging", "rules": [] }""");
        var soon = governed.Time.GetUtcNow().AddMinutes(90);

        var then = await governed.Alice.GetJson($"/api/v1/flags/ahead?at={Uri.EscapeDataString(soon.ToString("O"))}");
        then.In("staging").GetProperty("rules")[0].Text("id").ShouldBe("a");
        var ahead = await governed.Alice.GetJson($"/api/v1/flags/ahead/ahead?at={Uri.EscapeDataString(soon.ToString("O"))}");
        ahead.GetProperty("due").EnumerateArray().Select(due => due.Text("key")).ShouldBe([first]);
        ahead.GetProperty("differences")[0].Text("path").ShouldBe("environments.staging.configuration.rules[0]");
        (await governed.Alice.GetJson("/api/v1/flags/ahead/ahead")).GetProperty("differences").GetArrayLength().ShouldBe(0);
        (await governed.Alice.GetJson($"/api/v1/scheduled-changes/{second}")).GetProperty("diff")[0].GetProperty("differences").GetArrayLength().ShouldBe(1);

        (await governed.Alice.Says($"/api/v1/scheduled-changes/{first}/cancel")).GetProperty("changed").GetBoolean().ShouldBeTrue();
        (await governed.Alice.GetJson($"/api/v1/scheduled-changes/{second}")).Text("trouble")!.ShouldContain("the rules of the flag 'ahead'");
        (await governed.Alice.Says($"/api/v1/scheduled-changes/{second}/cancel")).GetProperty("changed").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task a_change_whose_ground_moved_fails_with_the_reason_and_changes_nothing()
    {
        await governed.Alice.GivenFlag("""{ "key": "moved", "type": "boolean" }""");
        var key = await Schedule(
            TimeSpan.FromHours(1),
            """{ "kind": "disable", "flag": "moved", "environment": "staging" }, { "kind": "rules", "flag": "moved", "environment": "staging", "rules": [ { "id": "a", "serve": { "variant": "on" } } ] }""");
        using var meanwhile = await governed.Bob.PutJson("/api/v1/flags/moved/environments/staging", """{ "rules": [ { "id": "b", "serve": { "variant": "on" } } ] }""");
        await meanwhile.Json();

        await governed.PassAsync(TimeSpan.FromHours(1));

        var failed = await governed.Alice.GetJson($"/api/v1/scheduled-changes/{key}");
        failed.Text("state").ShouldBe("failed");
        failed.Text("reason")!.ShouldContain("In staging the rules of the flag 'moved' are no longer what was there at its version 1");
        (await governed.Alice.GetJson("/api/v1/flags/moved")).In("staging").GetProperty("enabled").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task each_team_whose_flags_a_change_failed_to_change_gets_one_alert_with_the_reason()
    {
        await governed.Alice.GivenFlag("""{ "key": "cart-a", "type": "boolean", "owner": "cart" }""");
        await governed.Alice.GivenFlag("""{ "key": "cart-b", "type": "boolean", "owner": "cart" }""");
        await governed.Alice.GivenFlag("""{ "key": "nobodys", "type": "boolean" }""");
        var key = await Schedule(TimeSpan.FromHours(1), """
            { "kind": "rules", "flag": "cart-a", "environment": "staging", "rules": [ { "id": "a", "serve": { "variant": "on" } } ] },
            { "kind": "disable", "flag": "cart-b", "environment": "staging" }, { "kind": "disable", "flag": "nobodys", "environment": "staging" }
            """);
        using var meanwhile = await governed.Bob.PutJson("/api/v1/flags/cart-a/environments/staging", """{ "rules": [ { "id": "b", "serve": { "variant": "on" } } ] }""");
        await meanwhile.Json();

        await governed.PassAsync(TimeSpan.FromHours(1));
        await governed.PassAsync(TimeSpan.FromMinutes(1));

        var cart = (await Alert($"scheduled-change-failed.{key}.cart")).GetProperty("alert");
        cart.Text("kind").ShouldBe("scheduled-change-failed");
        cart.Text("subject").ShouldBe($"scheduled-change/{key}");
        cart.Text("team").ShouldBe("cart");
        cart.Text("severity").ShouldBe("warning");
        cart.Text("title")!.ShouldStartWith("The change of cart-a, cart-b that was scheduled for ");
        cart.Text("detail")!.ShouldContain("the rules of the flag 'cart-a' are no longer what was there");
        cart.Text("detail")!.ShouldEndWith("Nothing was changed. alice scheduled it.");
        var unowned = (await Alert($"scheduled-change-failed.{key}")).GetProperty("alert");
        unowned.Text("title")!.ShouldStartWith("The change of nobodys that was scheduled for ");
        unowned.TryGetProperty("team", out _).ShouldBeFalse("nobody owns the flag");
        (await governed.Alice.GetJson("/api/v1/alerts?limit=1000")).GetProperty("items").EnumerateArray()
            .Count(alert => alert.Text("subject") == $"scheduled-change/{key}").ShouldBe(2);
    }

    [Fact]
    public async Task scheduled_changes_are_listed_filtered_and_paged()
    {
        await governed.Alice.GivenFlag("""{ "key": "listed-times", "type": "boolean" }""");
        var keys = new List<string>();
        foreach (var (hours, change) in new[] { (7, "\"kind\": \"disable\""), (5, "\"kind\": \"kill\""), (6, "\"kind\": \"restore\"") })
            keys.Add(await Schedule(TimeSpan.FromHours(hours), $$"""{ {{change}}, "flag": "listed-times", "environment": "staging" }"""));

        var first = await governed.Alice.GetJson("/api/v1/scheduled-changes?flag=listed-times&state=pending&limit=2");
        first.Each("key").ShouldBe([keys[1], keys[2]]);
        (await governed.Alice.GetJson($"/api/v1/scheduled-changes?flag=listed-times&limit=2&after={first.Text("next")}")).Each("key").ShouldBe([keys[0]]);
        (await governed.Alice.GetJson("/api/v1/scheduled-changes?flag=listed-times&environment=production")).Each("key").ShouldBeEmpty();
        (await governed.Alice.GetJson("/api/v1/scheduled-changes?flag=listed-times&by=bob")).Each("key").ShouldBeEmpty();
        foreach (var key in keys)
            await governed.Alice.Says($"/api/v1/scheduled-changes/{key}/cancel");
        (await governed.Alice.GetJson("/api/v1/scheduled-changes?flag=listed-times&state=cancelled")).Each("key").Count().ShouldBe(3);
    }

    [Theory]
    [InlineData("""{ "at": "2020-01-01T00:00:00Z", "changes": [ { "kind": "kill", "flag": "faulty", "environment": "staging" } ] }""", "at")]
    [InlineData("""{ "at": "2027-01-01T00:00:00Z", "changes": [] }""", "changes")]
    [InlineData("""{ "at": "2027-01-01T00:00:00Z", "changes": [ null ] }""", "changes[0]")]
    [InlineData("""{ "at": "2027-01-01T00:00:00Z", "changes": [ { "kind": "explode", "flag": "faulty", "environment": "staging" } ] }""", "changes[0].kind")]
    [InlineData("""{ "at": "2027-01-01T00:00:00Z", "changes": [ { "flag": "faulty", "environment": "staging" } ] }""", "changes[0].kind")]
    [InlineData("""{ "at": "2027-01-01T00:00:00Z", "changes": [ { "kind": "kill", "flag": "faulty" } ] }""", "changes[0].environment")]
    [InlineData("""{ "at": "2027-01-01T00:00:00Z", "changes": [ { "kind": "default", "flag": "faulty", "environment": "staging", "default": { "variant": "blue" } } ] }""", "changes[0].default.variant")]
    public async Task bad_input_names_its_field(string json, string field)
    {
        using var flag = await governed.Alice.PostJson("/api/v1/flags", """{ "key": "faulty", "type": "boolean" }""");
        await flag.Json();

        using var response = await governed.Alice.PostJson("/api/v1/scheduled-changes", json);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var body = await response.Body();
        body.GetProperty("errors").EnumerateObject().Select(error => error.Name).ShouldContain(field, body.ToString());
    }

    private async Task<string> Schedule(TimeSpan after, string changes, string? comment = null) => await governed.Alice.Made(
        "/api/v1/scheduled-changes",
        $$"""{ "at": "{{governed.Time.GetUtcNow().Add(after):O}}", "changes": [ {{changes}} ], "comment": {{JsonSerializer.Serialize(comment ?? "")}} }""");

    /// <summary>Facts become alerts after the commit, by a message.</summary>
    private async Task<JsonElement> Alert(string id)
    {
        while (true)
        {
            using var answer = await governed.Alice.GetAsync(new Uri($"/api/v1/alerts/{id}", UriKind.Relative), TestContext.Current.CancellationToken);
            if (answer.StatusCode != HttpStatusCode.NotFound)
                return await answer.Json();
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private async Task<string?> Default(string flag) =>
        (await governed.Alice.GetJson($"/api/v1/flags/{flag}")).In("staging").TryGetProperty("default", out var served) ? served.Text("variant") : null;
}

/// <summary>What survives the end of the server.</summary>
public sealed class ScheduledChangesSurviveRestart(PostgresFixture postgres)
{
    [Fact]
    public async Task a_change_due_while_no_server_ran_is_made_once_at_the_start_and_says_how_late()
    {
        var time = new FakeTimeProvider(Given.Noon);
        var database = await postgres.CreateDatabaseAsync("restarted");
        string key;
        await using (var before = new DeliveryServer(database, time))
        {
            using var alice = await GovernedServer.PersonAsync(before, "alice");
            await alice.GivenFlag("""{ "key": "patient", "type": "boolean" }""");
            key = await alice.Made("/api/v1/scheduled-changes", $$"""
                { "at": "{{Given.Noon.AddHours(1):O}}", "changes": [ { "kind": "default", "flag": "patient", "environment": "staging", "default": { "variant": "on" } } ] }
                """);
        }

        time.Advance(TimeSpan.FromHours(4));
        for (var start = 0; start < 2; start++)
        {
            await using var after = new DeliveryServer(database, time);
            using var root = after.Admin();
            await Task.WhenAll(GovernedServer.ApplyDueAsync(after), GovernedServer.ApplyDueAsync(after));
            (await root.GetJson("/api/v1/flags/patient")).GetProperty("version").GetInt64().ShouldBe(2);
            var events = await root.GetJson($"/api/v1/scheduled-changes/{key}/events");
            events.Each("type").ShouldBe(["change-scheduled", "change-applied"]);
            events.GetProperty("items")[1].GetProperty("data").GetProperty("lateSeconds").GetDouble().ShouldBe(3 * 3600);
            events.GetProperty("items")[1].Text("comment")!.ShouldContain("180 min late, no server ran at its time");
            (await root.GetJson("/api/v1/flags/patient")).In("staging").GetProperty("default").Text("variant").ShouldBe("on");
        }
    }
}
