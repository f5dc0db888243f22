using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Delivery.Metrics.Tests.Http;
using Delivery.Testing;
using Npgsql;

namespace Delivery.Metrics.Tests.Measuring;

/// <summary>A row that was counted is changed in PostgreSQL behind the server's back: the continuous comparison says so.</summary>
public sealed partial class TamperedRows(PostgresFixture postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_changed_row_raises_an_alert_that_names_metric_arm_and_both_sums()
    {
        var connection = await postgres.CreateDatabaseAsync("tampered");
        await using var server = new DeliveryServer(connection, settings: new Dictionary<string, string> { ["Metrics:Moments:AuditEvery"] = "00:00:01" });
        using var admin = server.Admin();
        await admin.DefineAsync("takings", """{"name":"Takings","description":"Orders per customer.","kind":"count","measure":{"event":"purchase"}}""");
        var start = TimeProvider.System.GetUtcNow().AddHours(-1);
        await admin.SendAsync("/sdk/v1/exposures", Enumerable.Range(0, 10).Select(i => Traffic.Exposure(i, "checkout", i % 2 == 0 ? "on" : "off", 3, $"u{i}", start)), null, null, Cancel);
        await admin.SendAsync("/sdk/v1/events", Enumerable.Range(0, 10).Select(i => Bought(i, start.AddMinutes(1))), null, null, Cancel);
        const string Takings = "/api/v1/metrics/moments?environment=production&flag=checkout&fromVersion=3&metric=takings";
        await admin.GetFromJsonAsync<JsonNode>(Takings, Cancel);
        // What the key meant before is followed on; both are compared.
        await admin.DefineAsync("takings", """{"name":"Takings","description":"Money per customer.","kind":"mean","measure":{"event":"purchase","of":"value"}}""");
        var before = await admin.GetFromJsonAsync<JsonNode>(Takings, Cancel);
        before!["cells"]!.AsArray().Select(c => $"{c!["variant"]} {c["sums"]!["mPost"]}").ShouldBe(["off 50000000", "on 50000000"]);

        await using (var database = NpgsqlDataSource.Create(connection))
        {
            await using var change = database.CreateCommand("UPDATE metrics.events SET value_micro_units = 17000000 WHERE unit = 'u4'");
            (await change.ExecuteNonQueryAsync(Cancel)).ShouldBe(1);
        }

        var alert = await AlertAsync(admin, "metric/takings");
        alert["kind"]!.GetValue<string>().ShouldBe("moment-mismatch");
        alert["severity"]!.GetValue<string>().ShouldBe("critical");
        alert["title"]!.GetValue<string>().ShouldBe("The sums of takings for checkout in production do not verify");
        var told = Difference().Match(alert["detail"]!.GetValue<string>());
        told.Success.ShouldBeTrue(alert["detail"]!.GetValue<string>());
        (told.Groups["arm"].Value, Number(told.Groups["sql"]) - Number(told.Groups["memory"])).ShouldBe(("Version 3, variant on", 7_000_000));
    }

    private static JsonObject Bought(int i, DateTimeOffset time)
    {
        var bought = Traffic.Event(i, "purchase", $"u{i}", time);
        bought["value"] = 10;
        return bought;
    }

    private static long Number(Group group) => long.Parse(group.Value, CultureInfo.InvariantCulture);

    private static async Task<JsonNode> AlertAsync(HttpClient admin, string subject)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromMinutes(3));
        while (true)
        {
            var alerts = await admin.GetFromJsonAsync<JsonNode>("/api/v1/alerts", patience.Token);
            if (alerts!["items"]!.AsArray().FirstOrDefault(alert => alert!["subject"]?.GetValue<string>() == subject) is { } found)
                return found;
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, patience.Token);
        }
    }

    [GeneratedRegex("^1 of 2 cells differ.*(?<arm>Version [0-9]+, variant [a-z]+): in memory n 5, sum (?<memory>[0-9]+),.*; by SQL n 5, sum (?<sql>[0-9]+),")]
    private static partial Regex Difference();
}
