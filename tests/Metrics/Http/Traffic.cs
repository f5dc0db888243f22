using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Delivery.Metrics.Tests.Http;

/// <summary>What SDKs send and what operators read, over HTTP.</summary>
internal static class Traffic
{
    public static Guid Id(int id) => new(id, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);

    public static JsonObject Event(int id, string name = "purchase", string unit = "u1", DateTimeOffset? time = null) => new()
    {
        ["id"] = Id(id),
        ["name"] = name,
        ["unit"] = unit,
        ["time"] = time ?? TimeProvider.System.GetUtcNow(),
    };

    public static JsonObject Exposure(int id, string flag, string variant, long version, string unit, DateTimeOffset time) => new()
    {
        ["id"] = Id(id),
        ["flag"] = flag,
        ["variant"] = variant,
        ["unit"] = unit,
        ["reason"] = "SPLIT",
        ["flagVersion"] = version,
        ["sequence"] = version,
        ["time"] = time,
    };

    public static async Task<JsonElement> SendAsync(
        this HttpClient client, string path, IEnumerable<JsonNode> elements, string? source, long? batch, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(new JsonArray([.. elements.Select(e => e.DeepClone())]).ToJsonString(), Encoding.UTF8, "application/json"),
        };
        if (source is not null)
            request.Headers.Add("X-Source", source);
        if (batch is { } number)
            request.Headers.Add("X-Batch", number.ToString(CultureInfo.InvariantCulture));
        using var response = await client.SendAsync(request, cancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync(cancellationToken));
        return await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
    }

    /// <summary>Asks until the answer says that it is complete up to now; how often is the server's business.</summary>
    public static async Task<JsonNode> CompleteHealthAsync(this HttpClient client, string flag, string variant, CancellationToken cancellationToken)
    {
        var now = TimeProvider.System.GetUtcNow();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(3));
        while (true)
        {
            var health = await client.GetFromJsonAsync<JsonNode>(
                $"/api/v1/releases/health?environment=production&flag={flag}&variant={variant}&fromVersion=1", patience.Token);
            if (health!["completeUpTo"]!.GetValue<DateTimeOffset>() >= now)
                return health;
        }
    }
}
