using System.Net;
using System.Text.Json.Nodes;
using Delivery.Metrics.Tests.Http;

namespace Delivery.Metrics.Tests.Scoring;

/// <summary>From an SDK's requests to the numbers of a scorecard.</summary>
public sealed class ScorecardScenarios(RunningServer running) : IClassFixture<RunningServer>
{
    /// <summary>Two hours ago: late rows of this class are late by less than is waited for.</summary>
    private static readonly DateTimeOffset Start = TimeProvider.System.GetUtcNow().AddHours(-2);

    private static int _ids = 1;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task every_kind_of_metric_with_filter_window_and_cap_is_what_was_sent()
    {
        using var client = running.Server.Admin();
        await client.DefineAsync("k-conversion", """{"name":"n","description":"d","kind":"conversion","measure":{"event":"k","where":[{"property":"country","is":"one-of","values":["DE","AT"]}]}}""");
        await client.DefineAsync("k-count", """{"name":"n","description":"d","kind":"count","measure":{"event":"k"},"cap":3}""");
        await client.DefineAsync("k-mean", """{"name":"n","description":"d","kind":"mean","measure":{"event":"k","of":"value","where":[{"property":"items","is":"at-least","values":["2"]}]}}""");
        await client.DefineAsync("k-window", """{"name":"n","description":"d","kind":"mean","measure":{"event":"k","of":"value"},"windowSeconds":600}""");
        await client.DefineAsync("k-ratio", """{"name":"n","description":"d","kind":"ratio","measure":{"event":"k","of":"value"},"per":{"event":"k"}}""");
        await client.DefineAsync("k-quantile", """{"name":"n","description":"d","kind":"quantile","quantile":0.5,"measure":{"event":"k","of":"value"}}""");
        await ExposeAsync(client, "kinds", Enumerable.Range(0, 20).Select(n => ($"k{n}", "on", Start)));
        // Unit n has 5 events of value n, one each 5 minutes; odd ones are from DE; event e has e items.
        await SendAsync(client, from n in Enumerable.Range(0, 20)
                                from e in Enumerable.Range(0, 5)
                                select Event("k", $"k{n}", Start.AddMinutes(5 * e), n, new JsonObject { ["country"] = n % 2 == 1 ? "DE" : "FR", ["items"] = e }));

        var card = await CardAsync(client, "kinds", "k-conversion", "k-count", "k-mean", "k-window", "k-ratio", "k-quantile");

        Value(card, "k-conversion", "on").ShouldBe(0.5, "ten of twenty are from DE");
        Value(card, "k-count", "on").ShouldBe(3, "five each, capped");
        Value(card, "k-mean", "on")!.Value.ShouldBe(3 * 9.5, 1e-9, "three events of each unit have two items or more");
        Value(card, "k-window", "on")!.Value.ShouldBe(2 * 9.5, 1e-9, "two events of each unit are within ten minutes");
        Value(card, "k-ratio", "on")!.Value.ShouldBe(9.5, 1e-9);
        Value(card, "k-quantile", "on")!.Value.ShouldBe(9, 9 * 0.01);
    }

    [Fact]
    public async Task late_earlier_exposures_and_late_and_repeated_events_end_where_they_belong()
    {
        using var client = running.Server.Admin();
        await client.DefineAsync("l-spent", """{"name":"n","description":"d","kind":"mean","measure":{"event":"l","of":"value"}}""");
        await ExposeAsync(client, "late", Enumerable.Range(0, 4).Select(n => ($"l{n}", "on", Start.AddMinutes(30))).Concat(Enumerable.Range(4, 4).Select(n => ($"l{n}", "off", Start.AddMinutes(30)))));
        var events = Enumerable.Range(0, 8).Select(n => Event("l", $"l{n}", Start.AddMinutes(40), 10)).ToList();
        await SendAsync(client, events);
        var before = await CardAsync(client, "late", "l-spent");

        // l0 met 'off' before it met 'on', and had spent 5 in between: both are told only now. The events come once more.
        await ExposeAsync(client, "late", [("l0", "off", Start.AddMinutes(10))]);
        await SendAsync(client, [Event("l", "l0", Start.AddMinutes(20), 5), .. events]);
        var after = await CardAsync(client, "late", "l-spent");

        (Units(before, "on"), Units(before, "off"), Value(before, "l-spent", "on"), Value(before, "l-spent", "off")).ShouldBe((4, 4, 10, 10));
        (Units(after, "on"), Units(after, "off"), Value(after, "l-spent", "on"), Value(after, "l-spent", "off")).ShouldBe((3, 5, 10, 11));
    }

    [Fact]
    public async Task what_units_did_before_they_were_exposed_narrows_the_adjusted_difference()
    {
        using var client = running.Server.Admin();
        await client.DefineAsync("p-spent", """{"name":"n","description":"d","kind":"mean","measure":{"event":"p","of":"value"}}""");
        var units = Enumerable.Range(0, 300).Select(n => (Unit: $"p{n}", Variant: n % 2 == 0 ? "on" : "off", Habit: n / 2 % 50)).ToList();
        await ExposeAsync(client, "history", units.Select(u => (u.Unit, u.Variant, Start.AddMinutes(60))));
        await SendAsync(client, units.SelectMany(u => new[]
        {
            Event("p", u.Unit, Start.AddMinutes(10), u.Habit),
            Event("p", u.Unit, Start.AddMinutes(70), u.Habit + (u.Variant == "on" ? 2 : 0) + u.Habit % 3),
        }));

        var comparison = (await CardAsync(client, "history", "p-spent"))["metrics"]![0]!["comparisons"]!.AsArray().ShouldHaveSingleItem()!;

        var (plain, adjusted) = (comparison["absolute"]!, comparison["adjusted"]!);
        plain["diff"]!.GetValue<double>().ShouldBe(2, 1e-9);
        adjusted["diff"]!.GetValue<double>().ShouldBe(2, 1e-9, "both arms have the same habits");
        plain["low"]!.GetValue<double>().ShouldBeLessThan(0, "without history the difference drowns in habits");
        adjusted["low"]!.GetValue<double>().ShouldBeGreaterThan(1);
        adjusted["p"]!.GetValue<double>().ShouldBeLessThan(1e-6);
    }

    [Fact]
    public async Task units_without_history_do_not_blur_what_history_explains()
    {
        using var client = running.Server.Admin();
        await client.DefineAsync("n-spent", """{"name":"n","description":"d","kind":"mean","measure":{"event":"n","of":"value"}}""");
        var units = Enumerable.Range(0, 300).Select(n => (Unit: $"n{n}", Variant: n % 2 == 0 ? "on" : "off", Habit: n / 2 % 50, IsNew: n / 2 % 3 == 0)).ToList();
        await ExposeAsync(client, "newcomers", units.Select(u => (u.Unit, u.Variant, Start.AddMinutes(60))));
        // Who is new spends 100; the others spend what they always spend.
        await SendAsync(client, units.Where(u => !u.IsNew).Select(u => Event("n", u.Unit, Start.AddMinutes(10), u.Habit)));
        await SendAsync(client, units.Select(u => Event("n", u.Unit, Start.AddMinutes(70), (u.IsNew ? 100 : u.Habit) + (u.Variant == "on" ? 2 : 0) + u.Habit % 3)));

        var adjusted = (await CardAsync(client, "newcomers", "n-spent"))["metrics"]![0]!["comparisons"]![0]!["adjusted"]!;

        adjusted["diff"]!.GetValue<double>().ShouldBe(2, 1e-9);
        adjusted["low"]!.GetValue<double>().ShouldBeGreaterThan(1, "with their spending before as the only covariate, newcomers would hide the difference");
    }

    private static async Task<JsonNode> CardAsync(HttpClient client, string flag, params IEnumerable<string> metrics)
    {
        using var response = await client.GetAsync(new Uri($"/api/v1/metrics/scorecard?environment=production&flag={flag}&baseline=off{string.Concat(metrics.Select(m => $"&metric={m}"))}", UriKind.Relative), Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        return JsonNode.Parse(text)!;
    }

    private static double? Value(JsonNode card, string metric, string variant) => card["metrics"]!.AsArray().Single(m => m!["metric"]!.GetValue<string>() == metric)!["arms"]!
        .AsArray().Single(a => a!["variant"]!.GetValue<string>() == variant)!["value"]?.GetValue<double>();

    private static long Units(JsonNode card, string variant) => card["arms"]!.AsArray().Single(a => a!["variant"]!.GetValue<string>() == variant)!["units"]!.GetValue<long>();

    private static JsonObject Event(string name, string unit, DateTimeOffset time, double value, JsonObject? properties = null)
    {
        var sent = Traffic.Event(_ids++, name, unit, time);
        sent["value"] = value;
        if (properties is not null)
            sent["properties"] = properties;
        return sent;
    }

    private static async Task ExposeAsync(HttpClient client, string flag, IEnumerable<(string Unit, string Variant, DateTimeOffset Time)> exposures) =>
        await client.SendAsync("/sdk/v1/exposures", exposures.Select(e => Traffic.Exposure(_ids++, flag, e.Variant, 1, e.Unit, e.Time)), null, null, Cancel);

    private static async Task SendAsync(HttpClient client, IEnumerable<JsonNode> events) => await client.SendAsync("/sdk/v1/events", events, null, null, Cancel);
}
