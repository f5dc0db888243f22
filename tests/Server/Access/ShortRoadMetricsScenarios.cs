using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Delivery.Server.Tests.Access;

/// <summary>What the short road leaves in the server's metrics. The server is this class's own: what other scenarios ask is counted in the same lines, and a page of them may be a moment old.</summary>
public sealed partial class ShortRoadMetricsScenarios(ShortRoadServerProcess running) : IClassFixture<ShortRoadServerProcess>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task the_servers_metrics_count_a_request_by_its_route_on_either_road()
    {
        var key = await IssueAsync();
        for (var request = 0; request < 3; request++)
            await AskAsync(key, origin: null);
        await AskAsync(key, "https://elsewhere.example");

        // The web server counts after the answer is out.
        int counted;
        while ((counted = await CountedAsync()) < 4)
            await Task.Delay(20, Cancel);
        counted.ShouldBe(4, "one line for both roads");
    }

    private async Task<string> IssueAsync()
    {
        using var answer = await running.Server.Http.PostAsJsonAsync("/api/v1/keys", new { name = "short", role = "client-sdk", environment = "production" }, Cancel);
        return (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("key").GetString()!;
    }

    private async Task AskAsync(string key, string? origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/ofrep/v1/evaluate/flags/short") { Content = JsonContent.Create(new { context = new { targetingKey = "u" } }) };
        // A body of unknown length takes the ordinary road, as a foreign origin does.
        await request.Content.LoadIntoBufferAsync(Cancel);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (origin is not null)
            request.Headers.Add("Origin", origin);
        using var answer = await running.OneConnection.SendAsync(request, Cancel);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private async Task<int> CountedAsync()
    {
        var lines = Counted().Matches(await running.Server.Http.GetStringAsync("/metrics", Cancel));
        lines.Count.ShouldBeLessThan(2);
        return lines.Count == 0 ? 0 : int.Parse(lines[0].Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^http_server_request_duration_seconds_count\{[^\n]*http_response_status_code=""200""[^\n]*http_route=""/ofrep/v1/evaluate/flags/\{key\}""[^\n]*\} (\d+)", RegexOptions.Multiline)]
    private static partial Regex Counted();
}
