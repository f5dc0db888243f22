using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Delivery.Contracts.Rollouts;
using Mediator;
using Microsoft.Extensions.DependencyInjection;
using static Delivery.Rollouts.Tests.Counts;
using Facts = Delivery.Contracts.Rollouts;

namespace Delivery.Rollouts.Tests.Http;

/// <summary>People at the wheel, and crashes in between.</summary>
public sealed class SteeringOverHttp(RolloutServer server) : IClassFixture<RolloutServer>
{
    private const string Path = "/api/v1/rollouts";

    [Fact]
    public async Task a_default_plan_rises_from_the_ring_to_everyone()
    {
        server.Seams.AddFlag("default");
        var created = await server.PostAsync(Path, new { key = "default", flag = "default", ring = new { segment = "dev-team" } });
        created.StatusCode.ShouldBe(HttpStatusCode.Created);
        created.Headers.Location!.ToString().ShouldBe($"{Path}/default");
        created.Headers.ETag!.Tag.ShouldBe("\"1\"");
        var release = await server.GetAsync($"{Path}/default");
        release.GetProperty("status").GetString().ShouldBe("draft");
        release.GetProperty("variant").GetString().ShouldBe("on");
        release.GetProperty("owner").GetString().ShouldBe("shop");
        release.GetProperty("stages").EnumerateArray().Select(s => s.GetProperty("exposurePercent").GetDouble()).ShouldBe([0, 1, 5, 25, 50, 100]);
    }

    [Fact]
    public async Task one_rollout_at_a_time_per_flag_and_environment()
    {
        server.Seams.AddFlag("one");
        (await server.PostAsync(Path, new { key = "one-a", flag = "one" })).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await server.PostAsync(Path, new { key = "one-b", flag = "one" })).StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await server.PostAsync(Path, new { key = "one-c", flag = "one", environment = "staging" })).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await server.PostAsync($"{Path}/one-a/abort")).EnsureSuccessStatusCode();
        (await server.PostAsync(Path, new { key = "one-b", flag = "one" })).StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task people_who_steer_at_the_same_moment_are_all_heard()
    {
        server.Seams.AddFlag("crowded");
        (await server.PostAsync(Path, new { key = "crowded", flag = "crowded" })).EnsureSuccessStatusCode();
        (await server.PostAsync($"{Path}/crowded/start")).EnsureSuccessStatusCode();

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => server.PostAsync($"{Path}/crowded/{(i % 2 == 0 ? "pause" : "resume")}")));

        answers.Select(a => a.StatusCode).ShouldAllBe(status => status == HttpStatusCode.OK);
        var events = (await server.GetAsync("/api/v1/rollouts/crowded/events")).GetProperty("items").EnumerateArray().Select(e => e.GetProperty("type").GetString());
        events.Where(type => type is "rollout-paused" or "rollout-resumed").Chunk(2).ShouldAllBe(pair => pair[0] == "rollout-paused" && (pair.Length == 1 || pair[1] == "rollout-resumed"));
    }

    [Fact]
    public async Task a_repeated_request_gets_the_first_answer_and_changes_nothing()
    {
        server.Seams.AddFlag("twice");
        async Task<JsonElement> Plan()
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = JsonContent.Create(new { key = "twice", flag = "twice" }) };
            request.Headers.Add("Idempotency-Key", "plan-twice");
            var response = await server.Admin.SendAsync(request, TestContext.Current.CancellationToken);
            response.StatusCode.ShouldBe(HttpStatusCode.Created);
            return await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        }

        (await Plan()).GetProperty("changed").GetBoolean().ShouldBeTrue();
        (await Plan()).GetProperty("changed").GetBoolean().ShouldBeFalse();
        (await server.PostAsync($"{Path}/twice/start")).EnsureSuccessStatusCode();
        var again = await (await server.PostAsync($"{Path}/twice/start")).Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        again.GetProperty("changed").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task a_person_stops_it_and_the_flag_follows()
    {
        var flag = await server.StartedAsync("person");
        (await server.PostAsync($"{Path}/person/abort", new { reason = "support calls" })).EnsureSuccessStatusCode();
        await server.LookAsync();
        flag.ExposurePpm("person").ShouldBeNull();
        var release = await server.GetAsync($"{Path}/person");
        release.GetProperty("abort").GetProperty("cause").GetString().ShouldBe("person");
        release.GetProperty("reason").GetString().ShouldBe("Stopped by admin: support calls");
        server.Seams.Closed.Count(c => c.Rollout == "person").ShouldBe(1);
    }

    [Fact]
    public async Task an_opening_that_was_cut_off_is_done_by_the_next_round()
    {
        var flag = server.Seams.AddFlag("cut");
        (await server.PostAsync(Path, new { key = "cut", flag = "cut" })).EnsureSuccessStatusCode();
        Interlocked.Exchange(ref server.Seams.FailNextOpenings, 3);
        (await server.PostAsync($"{Path}/cut/start")).EnsureSuccessStatusCode();
        for (var round = 0; round < 4; round++)
            await server.LookAsync();
        flag.ExposurePpm("cut").ShouldBe(10_000);
        (await server.GetAsync($"{Path}/cut")).GetProperty("exposurePercent").GetDouble().ShouldBe(1);
    }

    [Fact]
    public async Task an_opening_whose_note_was_lost_is_noted_without_a_second_opening()
    {
        var flag = server.Seams.AddFlag("note");
        (await server.PostAsync(Path, new { key = "note", flag = "note" })).EnsureSuccessStatusCode();
        flag.Open("note", 10_000);
        var version = flag.Version;
        (await server.PostAsync($"{Path}/note/start")).EnsureSuccessStatusCode();
        await server.LookAsync();
        flag.Version.ShouldBe(version);
        (await server.GetAsync($"{Path}/note/evidence")).GetProperty("stages")[0].GetProperty("fromFlagVersion").GetInt64().ShouldBe(version);
    }

    [Fact]
    public async Task a_closing_that_was_cut_off_is_done_by_the_next_round()
    {
        var flag = await server.StartedAsync("cut-close");
        Interlocked.Exchange(ref server.Seams.FailNextClosings, 3);
        (await server.PostAsync($"{Path}/cut-close/abort")).EnsureSuccessStatusCode();
        for (var round = 0; round < 4; round++)
            await server.LookAsync();
        flag.ExposurePpm("cut-close").ShouldBeNull();
    }

    [Fact]
    public async Task a_message_delivered_again_or_late_changes_nothing()
    {
        var flag = await server.StartedAsync("again");
        await DeliverAsync(new Facts.StageEntered("again", "again", "production", 0, "5 %", 50_000));
        server.Seams.Opened.Count(o => o.Rollout == "again").ShouldBe(1);

        (await server.PostAsync($"{Path}/again/abort")).EnsureSuccessStatusCode();
        await server.LookAsync();
        await DeliverAsync(new Facts.StageEntered("again", "again", "production", 0, "5 %", 50_000));
        await DeliverAsync(new Facts.RolloutAborted("again", "again", "production", null, AbortCause.Person, "", null, server.Time.GetUtcNow()));
        flag.ExposurePpm("again").ShouldBeNull();
        server.Seams.Opened.Count(o => o.Rollout == "again").ShouldBe(1);
        server.Seams.Closed.Count(c => c.Rollout == "again").ShouldBe(1);
    }

    [Fact]
    public async Task a_flag_that_is_killed_ends_its_rollout()
    {
        var flag = await server.StartedAsync("killed");
        flag.Killed = true;
        await using (var scope = server.Services.CreateAsyncScope())
        {
            await FlagChangedHandler.Handle(
                new Delivery.Contracts.Targeting.FlagChanged("killed", 9, "flag-killed", ["production"]),
                scope.ServiceProvider.GetRequiredService<ISender>(), TestContext.Current.CancellationToken);
        }

        var release = await server.GetAsync($"{Path}/killed");
        release.GetProperty("abort").GetProperty("cause").GetString().ShouldBe("flag-gone");
        release.GetProperty("reason").GetString().ShouldBe("The flag 'killed' is killed in production.");
    }

    [Fact]
    public async Task a_flag_that_refuses_the_stage_ends_the_rollout()
    {
        server.Seams.AddFlag("vanishes");
        (await server.PostAsync(Path, new { key = "vanishes", flag = "vanishes" })).EnsureSuccessStatusCode();
        Interlocked.Exchange(ref server.Seams.FailNextOpenings, 2);
        (await server.PostAsync($"{Path}/vanishes/start")).EnsureSuccessStatusCode();
        server.Seams.Flags.TryRemove("vanishes", out _);
        for (var round = 0; round < 4; round++)
            await server.LookAsync();
        (await server.GetAsync($"{Path}/vanishes")).GetProperty("abort").GetProperty("cause").GetString().ShouldBe("flag-gone");
    }

    [Fact]
    public async Task blind_and_seeing_again_are_told()
    {
        var flag = await server.StartedAsync("blind");
        server.Measure("blind", () => [Epoch(flag.Version, Arm(10), Arm(200))]);
        await server.LookAsync();
        server.Seams.Health["blind"] = () => throw new TimeoutException("no connection");
        server.Time.Advance(TimeSpan.FromSeconds(31));
        await server.LookAsync();
        var blind = await server.GetAsync($"{Path}/blind");
        blind.GetProperty("status").GetString().ShouldBe("waiting");
        blind.GetProperty("health").GetString().ShouldBe("blind");
        server.Measure("blind", () => [Epoch(flag.Version, Arm(10), Arm(200))]);
        await server.LookAsync();
        (await server.GetAsync($"{Path}/blind")).GetProperty("status").GetString().ShouldBe("running");
    }

    [Fact]
    public async Task evidence_shows_looks_and_stages()
    {
        var flag = await server.StartedAsync("evidence");
        server.Measure("evidence", () => [Epoch(flag.Version, Arm(50, 1), Arm(900, 10))]);
        for (var i = 0; i < 3; i++)
        {
            server.Time.Advance(TimeSpan.FromSeconds(1));
            await server.LookAsync();
        }

        var evidence = await server.GetAsync($"{Path}/evidence/evidence");
        evidence.GetProperty("looks").GetArrayLength().ShouldBe(3);
        evidence.GetProperty("looks")[0].GetProperty("logThreshold").GetDouble().ShouldBe(Math.Log(1000), 1e-9);
        evidence.GetProperty("stages")[0].GetProperty("released").GetProperty("failingUnits").GetInt64().ShouldBe(1);
    }

    [Fact]
    public async Task the_list_is_filtered_and_paged()
    {
        for (var i = 0; i < 3; i++)
        {
            server.Seams.AddFlag($"list-{i}", owner: "listers");
            (await server.PostAsync(Path, new { key = $"list-{i}", flag = $"list-{i}", environment = "staging" })).EnsureSuccessStatusCode();
            server.Time.Advance(TimeSpan.FromSeconds(1));
        }

        var first = await server.GetAsync($"{Path}?owner=listers&environment=staging&status=draft&limit=2");
        first.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("key").GetString()).ShouldBe(["list-2", "list-1"]);
        var second = await server.GetAsync($"{Path}?owner=listers&limit=2&after={first.GetProperty("next").GetString()}");
        second.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("key").GetString()).ShouldBe(["list-0"]);
        second.TryGetProperty("next", out _).ShouldBeFalse();
        (await server.GetAsync($"{Path}?flag=list-1")).GetProperty("items").GetArrayLength().ShouldBe(1);
        (await server.GetAsync($"{Path}?owner=listers&status=running")).GetProperty("items").GetArrayLength().ShouldBe(0);
    }

    private async Task DeliverAsync(object fact)
    {
        await using var scope = server.Services.CreateAsyncScope();
        var sender = scope.ServiceProvider.GetRequiredService<ISender>();
        switch (fact)
        {
            case Facts.StageEntered f:
                await StageEnteredHandler.Handle(f, sender, TestContext.Current.CancellationToken);
                break;
            case Facts.RolloutAborted f:
                await RolloutAbortedHandler.Handle(f, sender, TestContext.Current.CancellationToken);
                break;
        }
    }
}
