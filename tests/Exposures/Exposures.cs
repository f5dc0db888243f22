using System.Text.Json;
using System.Text.Json.Nodes;

namespace Delivery.Exposures.Tests;

/// <summary>Exposures as a sender writes them.</summary>
internal static class Exposures
{
    /// <summary>A complete exposure with a fixed id for each number.</summary>
    public static JsonObject Make(int number, string flag = "checkout", string variant = "on", string? unit = null, DateTimeOffset? time = null) => new()
    {
        ["id"] = Id(number).ToString(),
        ["flag"] = flag,
        ["variant"] = variant,
        ["unit"] = unit ?? $"user-{number}",
        ["unitKind"] = "user",
        ["reason"] = "SPLIT",
        ["ruleId"] = "rule-1",
        ["flagVersion"] = 3,
        ["sequence"] = 42,
        ["attributes"] = new JsonObject { ["country"] = "DE" },
        ["time"] = (time ?? TimeProvider.System.GetUtcNow()).ToString("O"),
    };

    public static Guid Id(int number) => new(number, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);

    public static string Array(params IEnumerable<JsonNode> exposures) => JsonSerializer.Serialize(exposures);

    public static string Lines(params IEnumerable<JsonNode> exposures) => string.Join('\n', exposures.Select(e => e.ToJsonString()));

    public static IEnumerable<JsonObject> Many(int from, int count) => Enumerable.Range(from, count).Select(n => Make(n));

    public static JsonObject With(this JsonObject exposure, string member, JsonNode? value)
    {
        exposure[member] = value;
        return exposure;
    }

    public static JsonObject Without(this JsonObject exposure, string member)
    {
        exposure.Remove(member);
        return exposure;
    }
}
