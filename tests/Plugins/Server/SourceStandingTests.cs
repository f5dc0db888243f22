using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Delivery.Plugins.Measuring;

namespace Delivery.Plugins.Tests.Server;

/// <summary>What a metric source does not say wholly is neither healthy nor a failure; and one that hangs holds up nobody else's breaker.</summary>
public sealed class SourceStandingTests(EdgeServer edge) : IClassFixture<EdgeServer>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_canary_waits_while_its_source_has_no_data_and_goes_on_when_it_has()
    {
        Answers(_ => new MetricAnswer.NoData("nobody scraped it"));
        await StartAsync("waits", "shop", "told", new { exposurePercent = 10, minimumSeconds = 0, minimumExposures = 0 }, new { exposurePercent = 100, minimumSeconds = 0, minimumExposures = 0 });
        var blind = await edge.UntilAsync("/api/v1/rollouts/waits", r => Text(r, "health") == "blind");
        Text(blind, "status").ShouldBe("waiting");
        Text(blind, "reason").ShouldContain("the metric source 'told' has no data since");
        Text(blind, "reason").ShouldContain("nobody scraped it");
        Text(blind.GetProperty("source"), "outcome").ShouldBe("no-data");
        blind.GetProperty("stageIndex").GetInt32().ShouldBe(0);

        Answers(q => Counted(q, 1_000, arm => arm == "canary" ? 1 : 9));
        await edge.UntilAsync("/api/v1/rollouts/waits", r => Text(r, "status") == "completed");
        await edge.UntilAsync("/api/v1/rollouts/waits/events", e => e.ToString().Contains("rollout-saw-again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task a_part_of_the_numbers_stops_nothing_and_opens_nothing_and_whole_ones_do()
    {
        Answers(q => new MetricAnswer.Partial(Reading(q, ["canary"], 1_000, _ => 900), "stable has no series"));
        await StartAsync("judged", "shop", "told", new { exposurePercent = 10, minimumSeconds = 0, minimumExposures = 0 }, new { exposurePercent = 50, minimumSeconds = 0, minimumExposures = 0 });
        var partial = await edge.UntilAsync("/api/v1/rollouts/judged", r => r.TryGetProperty("source", out var source) && Text(source, "outcome") == "partial");
        Text(partial, "health").ShouldBeOneOf("undecided", "blind");
        Text(partial.GetProperty("source"), "why").ShouldBe("http: stable has no series");
        await edge.UntilAsync("/api/v1/rollouts/judged", r => Text(r, "health") == "blind");

        Answers(q => Counted(q, 1_000, arm => arm == "canary" ? 300 : 1));
        var aborted = await edge.UntilAsync("/api/v1/rollouts/judged", r => Text(r, "status") == "aborted");
        Text(aborted.GetProperty("abort"), "cause").ShouldBe("breaker");
        (await edge.CanariesAsync(20)).ShouldBe(0);
        var evidence = await edge.Admin.GetFromJsonAsync<JsonElement>("/api/v1/rollouts/judged/evidence", Token);
        evidence.GetProperty("stages")[0].GetProperty("released").GetProperty("errors").GetInt64().ShouldBe(300);
    }

    [Fact]
    public async Task a_source_that_hangs_holds_up_nobody_elses_breaker()
    {
        AppContext.SetData("answers", (Func<MetricQuery, Task<MetricAnswer>>)(q =>
            q.Route == "shop" ? new TaskCompletionSource<MetricAnswer>().Task : Task.FromResult<MetricAnswer>(Counted(q, 1_000, arm => arm == "canary" ? 300 : 1))));
        await StartAsync("hangs", "shop", "told", new { exposurePercent = 10, minimumSeconds = 0, minimumExposures = 0 });
        await edge.UntilAsync("/api/v1/rollouts/hangs", r => r.TryGetProperty("source", out var source) && Text(source, "outcome") == "silent");
        await StartAsync("burns", "cart", "told", new { exposurePercent = 10, minimumSeconds = 600, minimumExposures = 100 });
        await edge.UntilAsync("/api/v1/rollouts/burns", r => Text(r, "status") == "aborted");
        Text(await edge.UntilAsync("/api/v1/rollouts/hangs", r => Text(r, "health") == "blind"), "status").ShouldBe("waiting");
        using var abort = await edge.Admin.PostAsJsonAsync("/api/v1/rollouts/hangs/abort", new { }, Token);
        abort.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task an_earlier_stage_that_can_not_be_asked_is_not_hidden_by_the_present_ones_answer()
    {
        var asked = new ConcurrentDictionary<DateTimeOffset, bool>();
        Answers(q =>
        {
            asked[q.From] = true;
            return Counted(q, 1_000, _ => 1);
        });
        await StartAsync("earlier", "shop", "told", new { exposurePercent = 10, minimumSeconds = 0, minimumExposures = 0 }, new { exposurePercent = 50, minimumSeconds = 3_600, minimumExposures = 0 });
        await edge.UntilAsync("/api/v1/rollouts/earlier", r => r.GetProperty("stageIndex").GetInt32() == 1 && asked.Count >= 2);

        var present = asked.Keys.Max();
        Answers(q => q.From < present ? new MetricAnswer.Error(new PluginError(PluginErrorKind.Unavailable, "the old shard is away")) : Counted(q, 1_000, _ => 1));
        var seen = await edge.UntilAsync("/api/v1/rollouts/earlier", r => r.TryGetProperty("source", out var source) && Text(source, "outcome") == "error");
        Text(seen.GetProperty("source"), "why").ShouldContain("the old shard is away");
        await edge.UntilAsync("/api/v1/rollouts/earlier", r => Text(r, "health") == "blind");

        Answers(q => Counted(q, 1_000, _ => 1));
        await edge.UntilAsync("/api/v1/rollouts/earlier", r => Text(r, "health") != "blind" && Text(r.GetProperty("source"), "outcome") == "ok");
        using var abort = await edge.Admin.PostAsJsonAsync("/api/v1/rollouts/earlier/abort", new { }, Token);
        abort.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static void Answers(Func<MetricQuery, MetricAnswer> answer) =>
        AppContext.SetData("answers", (Func<MetricQuery, Task<MetricAnswer>>)(q => Task.FromResult(answer(q))));

    private static MetricAnswer.Ok Counted(MetricQuery query, long trials, Func<string, long> events) => new(Reading(query, query.Arms, trials, events));

    private static MetricReading Reading(MetricQuery query, IEnumerable<string> arms, long trials, Func<string, long> events) =>
        new([.. arms.Select(a => new ArmReading(a, new ArmStatistics.Counts(trials, events(a)), query.To))], query.To);

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private async Task StartAsync(string key, string route, string source, params object[] stages)
    {
        using var planned = await edge.Admin.PostAsJsonAsync(
            "/api/v1/rollouts", new { key, stages, blindAfterSeconds = 1, route = new { router = "edge", name = route, health = new { source, errors = "http" } } }, Token);
        planned.StatusCode.ShouldBe(HttpStatusCode.Created, await planned.Content.ReadAsStringAsync(Token));
        using var started = await edge.Admin.PostAsJsonAsync($"/api/v1/rollouts/{key}/start", new { }, Token);
        started.StatusCode.ShouldBe(HttpStatusCode.OK, await started.Content.ReadAsStringAsync(Token));
    }
}
