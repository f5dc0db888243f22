using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Delivery.Metrics.Tests.Http;
using Delivery.Testing;

namespace Delivery.Metrics.Tests.Measuring;

/// <summary>More rows than there is memory for: less is remembered, every answer says so, and the SQL still agrees.</summary>
public sealed class BoundedMemory(PostgresFixture postgres)
{
    private const long MostBytes = 1_500_000;
    private const int Units = 200;
    private const int Days = 3;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task moments_that_outgrow_their_memory_are_folded_within_shorter_limits()
    {
        await using var server = new DeliveryServer(
            await postgres.CreateDatabaseAsync("bounded"),
            settings: new Dictionary<string, string> { ["Metrics:Fold:MostBytes"] = MostBytes.ToString(CultureInfo.InvariantCulture), ["Metrics:Moments:SnapshotLook"] = "00:00:00.200" });
        using var admin = server.Admin();
        await admin.DefineAsync("bought", """{"name":"Bought","description":"Purchases per unit.","kind":"count","measure":{"event":"purchase"}}""");
        var now = TimeProvider.System.GetUtcNow();
        await admin.SendAsync(
            "/sdk/v1/exposures", Enumerable.Range(0, Units).Select(i => Traffic.Exposure(i, "checkout", i % 2 == 0 ? "on" : "off", 3, $"u{i}", now.AddHours(-1))), null, null, Cancel);
        var whole = await MomentsAsync(admin);
        whole["latenessSeconds"]!.GetValue<double>().ShouldBe(TimeSpan.FromDays(3).TotalSeconds);

        // Nearly three days of events that come in now.
        const int Events = 40_000;
        for (var sent = 0; sent < Events; sent += 2_000)
        {
            await admin.SendAsync(
                "/sdk/v1/events",
                Enumerable.Range(sent, 2_000).Select(i => Traffic.Event(i, "purchase", $"u{i % Units}", now - (TimeSpan.FromDays(Days) * 0.99 * (1 - ((double)i / Events))))), null, null, Cancel);
        }

        var check = await admin.GetFromJsonAsync<JsonNode>($"/api/v1/metrics/moments/check?{Question}", Cancel);
        check!["cells"]!.GetValue<int>().ShouldBe(2);
        check["differences"]!.AsArray().ShouldBeEmpty(check.ToJsonString());
        var bounded = await MomentsAsync(admin);
        bounded["latenessSeconds"]!.GetValue<double>().ShouldBeLessThan(TimeSpan.FromDays(Days).TotalSeconds / 2);
        bounded["historySeconds"]!.GetValue<double>().ShouldBeLessThan(TimeSpan.FromDays(14).TotalSeconds / 2);
        Counted(bounded).ShouldBeInRange(1, Counted(whole) + Events - 1);
        (await GaugeAsync(admin, "delivery_metrics_moments_bytes")).ShouldBeLessThanOrEqualTo(MostBytes);
    }

    [Fact]
    public async Task a_metric_that_cannot_be_tried_within_the_memory_is_told_so()
    {
        await using var server = new DeliveryServer(
            await postgres.CreateDatabaseAsync("tried"), settings: new Dictionary<string, string> { ["Metrics:Fold:MostBytes"] = "1000000" });
        using var admin = server.Admin();
        var now = TimeProvider.System.GetUtcNow();
        for (var sent = 0; sent < 40_000; sent += 2_000)
            await admin.SendAsync("/sdk/v1/events", Enumerable.Range(sent, 2_000).Select(i => Traffic.Event(i, "purchase", $"u{i}", now)), null, null, Cancel);

        using var tried = await admin.PostAsync(
            new Uri("/api/v1/metrics/try", UriKind.Relative),
            new StringContent("""{"environment":"production","flag":"checkout","metric":{"name":"T","description":"T.","kind":"count","measure":{"event":"purchase"}}}""", System.Text.Encoding.UTF8, "application/json"), Cancel);

        tried.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        var problem = await tried.Content.ReadFromJsonAsync<JsonNode>(Cancel);
        problem!["code"]!.GetValue<string>().ShouldBe("moments-too-large");
        problem["detail"]!.GetValue<string>().ShouldContain("Metrics:Fold:MostBytes");
    }

    private const string Question = "environment=production&flag=checkout&fromVersion=3&metric=bought";

    private static async Task<JsonNode> MomentsAsync(HttpClient admin) =>
        (await admin.GetFromJsonAsync<JsonNode>($"/api/v1/metrics/moments?{Question}", Cancel))!;

    private static long Counted(JsonNode moments) =>
        moments["cells"]!.AsArray().Sum(cell => long.Parse(cell!["sums"]!["mPost"]!.GetValue<string>(), CultureInfo.InvariantCulture)) / 1_000_000;

    private static async Task<double> GaugeAsync(HttpClient admin, string name)
    {
        var line = Regex.Match(await admin.GetStringAsync("/metrics", Cancel), $@"^{name}(\{{[^\n]*\}})? ([0-9.eE+]+)", RegexOptions.Multiline);
        line.Success.ShouldBeTrue($"/metrics has {name}");
        return double.Parse(line.Groups[2].Value, CultureInfo.InvariantCulture);
    }
}
