using System.Globalization;
using System.Net;
using System.Text.Json;
using Delivery.Evaluation;

namespace Delivery.Targeting.Import;

/// <summary>Whom a strategy lets through: a condition, a hash gate, both or everyone.</summary>
/// <param name="Condition">Who must match; null for everyone.</param>
/// <param name="Filter">Which buckets pass; null for all.</param>
/// <param name="Group">What salts the strategy's variants.</param>
/// <param name="Stickiness">What its variants stick to unless they say otherwise.</param>
internal sealed record UnleashStrategy(Condition? Condition, BucketFilter? Filter, string Group, string Stickiness = UnleashStrategy.DefaultStickiness)
{
    /// <summary>User, then session, then address, then chance.</summary>
    public const string DefaultStickiness = "default";

    /// <summary>An attribute that no context has: only chance decides.</summary>
    private const string Chance = "unleash:random";

    private const int Buckets = 100;

    /// <summary>Null for a strategy that has no counterpart.</summary>
    public static UnleashStrategy? Read(JsonElement strategy, string feature)
    {
        var parameters = strategy.TryGetProperty("parameters", out var given) && given.ValueKind == JsonValueKind.Object ? given : default;
        string Text(string name) => parameters.ValueKind == JsonValueKind.Object && parameters.TryGetProperty(name, out var value) ? value.ToString() : "";
        var group = Text("groupId") is { Length: > 0 } named ? named : feature;
        return strategy.GetProperty("name").GetString() switch
        {
            "default" => new UnleashStrategy(null, null, group),
            "userWithId" => new UnleashStrategy(UnleashConstraint.In("userId", Texts(Text("userIds"))), null, group),
            "remoteAddress" => new UnleashStrategy(UnleashConstraint.InNetworks("remoteAddress", Texts(Text("IPs"))), null, group),
            "gradualRolloutUserId" => new UnleashStrategy(null, Gate("userId", [], false, group, Text("percentage")), group),
            "gradualRolloutSessionId" => new UnleashStrategy(null, Gate("sessionId", [], false, group, Text("percentage")), group),
            "gradualRolloutRandom" => new UnleashStrategy(null, Gate(Chance, [], true, group, Text("percentage")), group),
            "flexibleRollout" => new UnleashStrategy(
                null,
                Text("stickiness") switch
                {
                    "" or DefaultStickiness => Gate("userId", ["sessionId"], true, group, Text("rollout")),
                    "random" => Gate(Chance, [], true, group, Text("rollout")),
                    var attribute => Gate(attribute, [], false, group, Text("rollout")),
                },
                group,
                Text("stickiness") switch { "" or DefaultStickiness => DefaultStickiness, "random" => Chance, var attribute => attribute }),
            _ => null,
        };
    }

    public static bool IsNetwork(string text)
    {
        var parts = text.Split('/');
        return parts.Length <= 2 && IPAddress.TryParse(parts[0], out var address)
            && (parts.Length == 1 || (int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var bits) && bits <= address.GetAddressBytes().Length * 8));
    }

    private static IEnumerable<JsonElement> Texts(string list) =>
        list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(text => JsonSerializer.SerializeToElement(text));

    private static BucketFilter Gate(string attribute, IReadOnlyList<string> fallbacks, bool random, string group, string percentage) => new()
    {
        UnitAttribute = attribute,
        FallbackUnitAttributes = fallbacks,
        RandomUnit = random,
        Salt = group,
        Algorithm = BucketingAlgorithm.Unleash,
        TotalWeight = Buckets,
        Ranges = [new BucketRange(0, int.TryParse(percentage, NumberStyles.Integer, CultureInfo.InvariantCulture, out var percent) ? Math.Clamp(percent, 0, Buckets) : 0)],
    };
}
