using System.Text.Json;
using System.Text.Json.Serialization;

namespace Delivery.Evaluation;

/// <summary>Conditions and what they serve.</summary>
public sealed record Rule
{
    /// <summary>Name of the rule, unique in the flag.</summary>
    public required string Id { get; init; }

    /// <summary>What the rule is for, in words.</summary>
    public string? Description { get; init; }

    /// <summary>Who the rule is for. Null: everyone.</summary>
    public Condition? Condition { get; init; }

    /// <summary>What those who match get.</summary>
    public required Serve Serve { get; init; }

    /// <summary>Who else changes this rule, such as <c>rollout:new-checkout</c>. Null: people only.</summary>
    public string? ManagedBy { get; init; }
}

/// <summary>
/// What a rule or a default serves. In JSON one of <c>{"variant":"on"}</c>, <c>{"split":{...}}</c> and
/// <c>{"jsonLogic":...}</c>.
/// </summary>
[JsonConverter(typeof(ServeJsonConverter))]
public abstract record Serve
{
    private Serve()
    {
    }

    /// <summary>The same variant for everyone.</summary>
    /// <param name="Key">Key of the variant.</param>
    public sealed record Variant(string Key) : Serve;

    /// <summary>A weighted assignment of units to variants.</summary>
    /// <param name="Assignment">The split.</param>
    public sealed record Split(Evaluation.Split Assignment) : Serve;

    /// <summary>
    /// A JSONLogic expression that names the variant (imported from flagd). Null as a result falls to the next rule.
    /// </summary>
    /// <param name="Expression">The expression.</param>
    public sealed record JsonLogic(JsonElement Expression) : Serve;

    /// <summary>A kind this version does not know, kept as it was read. The rule is skipped.</summary>
    /// <param name="Content">The JSON as read.</param>
    public sealed record Unknown(JsonElement Content) : Serve;
}
