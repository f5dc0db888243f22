using System.Text.Json;
using System.Text.Json.Serialization;

namespace Delivery.Evaluation;

/// <summary>
/// A tree of and/or/not over attributes, segments and other flags. In JSON a node is told by its first word:
/// <c>{"all":[...]}</c>, <c>{"any":[...]}</c>, <c>{"not":{...}}</c>,
/// <c>{"attribute":"country","operator":"in","values":["DE"]}</c>, <c>{"segment":"beta"}</c>,
/// <c>{"flag":"x","variants":["on"]}</c>, <c>{"growthBook":{...}}</c>, <c>{"jsonLogic":{...}}</c>.
/// </summary>
[JsonConverter(typeof(ConditionJsonConverter))]
public abstract record Condition
{
    private Condition()
    {
    }

    /// <summary>Every condition holds. True when empty.</summary>
    /// <param name="Conditions">The conditions.</param>
    public sealed record All(IReadOnlyList<Condition> Conditions) : Condition;

    /// <summary>At least one condition holds. False when empty.</summary>
    /// <param name="Conditions">The conditions.</param>
    public sealed record Any(IReadOnlyList<Condition> Conditions) : Condition;

    /// <summary>The condition does not hold.</summary>
    /// <param name="Inner">The condition.</param>
    public sealed record Not(Condition Inner) : Condition;

    /// <summary>
    /// An attribute compared with values. False where the attribute is missing or of a type the operator can't compare.
    /// </summary>
    public sealed record Attribute : Condition
    {
        /// <summary>Name of the attribute, or a path into an object (<c>company.plan</c>). An exact name wins.</summary>
        public required string Name { get; init; }

        /// <summary>How to compare.</summary>
        public required ConditionOperator Operator { get; init; }

        /// <summary>
        /// What to compare with: the operator says how many and of which type. Empty for
        /// <see cref="ConditionOperator.Exists"/> and <see cref="ConditionOperator.ElementMatches"/>.
        /// </summary>
        public IReadOnlyList<JsonElement> Values { get; init => field = value ?? []; } = [];

        /// <summary>True: text is compared without regard to case (ordinal).</summary>
        public bool IgnoreCase { get; init; }

        /// <summary>
        /// For <see cref="ConditionOperator.ElementMatches"/>: the condition one element must meet. In it
        /// <see cref="Name"/> is relative to the element; the empty name is the element itself.
        /// </summary>
        public Condition? Element { get; init; }
    }

    /// <summary>The context belongs to a segment.</summary>
    /// <param name="Key">Key of the segment.</param>
    public sealed record InSegment(string Key) : Condition;

    /// <summary>Another flag serves one of the named variants.</summary>
    /// <param name="Key">Key of the other flag.</param>
    /// <param name="Variants">The variants of which one must be served.</param>
    public sealed record FlagServes(string Key, IReadOnlyList<string> Variants) : Condition;

    /// <summary>
    /// A GrowthBook (MongoDB style) condition, evaluated by GrowthBook's specification 0.8.0.
    /// </summary>
    /// <param name="Query">The query.</param>
    /// <param name="FlagValue">
    /// Null: the query is asked of the context. A flag's key: of <c>{"value": the flag's value}</c> (parent conditions).
    /// </param>
    public sealed record GrowthBook(JsonElement Query, string? FlagValue = null) : Condition;

    /// <summary>A JSONLogic expression whose truthy result matches (imported from flagd).</summary>
    /// <param name="Expression">The expression.</param>
    public sealed record JsonLogic(JsonElement Expression) : Condition;

    /// <summary>A kind or operator this version does not know, kept as it was read. The whole rule is skipped.</summary>
    /// <param name="Content">The JSON as read.</param>
    public sealed record Unknown(JsonElement Content) : Condition;
}

/// <summary>How an attribute is compared with a condition's values.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<ConditionOperator>))]
public enum ConditionOperator
{
    /// <summary>The attribute exists and is not null. No values.</summary>
    Exists,

    /// <summary>Equal to the one value: text, number or boolean of the same type.</summary>
    Equals,

    /// <summary>Equal to any of the values.</summary>
    In,

    /// <summary>Text that contains any of the values.</summary>
    Contains,

    /// <summary>Text that starts with any of the values.</summary>
    StartsWith,

    /// <summary>Text that ends with any of the values.</summary>
    EndsWith,

    /// <summary>Text that matches the regular expression (.NET syntax without lookarounds and back references).</summary>
    Matches,

    /// <summary>A number below the value.</summary>
    LessThan,

    /// <summary>A number below or equal to the value.</summary>
    LessThanOrEqual,

    /// <summary>A number above the value.</summary>
    GreaterThan,

    /// <summary>A number above or equal to the value.</summary>
    GreaterThanOrEqual,

    /// <summary>A moment (ISO 8601 text or Unix milliseconds) before the value.</summary>
    Before,

    /// <summary>A moment (ISO 8601 text or Unix milliseconds) after the value.</summary>
    After,

    /// <summary>A semantic version equal to the value (semver.org 2.0.0 precedence).</summary>
    SemVerEqual,

    /// <summary>A semantic version below the value.</summary>
    SemVerLessThan,

    /// <summary>A semantic version below or equal to the value.</summary>
    SemVerLessThanOrEqual,

    /// <summary>A semantic version above the value.</summary>
    SemVerGreaterThan,

    /// <summary>A semantic version above or equal to the value.</summary>
    SemVerGreaterThanOrEqual,

    /// <summary>An IPv4 or IPv6 address inside any of the networks in CIDR notation.</summary>
    IpInNetwork,

    /// <summary>An array that contains any of the values.</summary>
    ArrayContainsAny,

    /// <summary>An array that contains all of the values.</summary>
    ArrayContainsAll,

    /// <summary>An array of exactly as many elements as the value says.</summary>
    ArraySize,

    /// <summary>An array of at least as many elements as the value says.</summary>
    ArraySizeAtLeast,

    /// <summary>An array of which one element meets <see cref="Condition.Attribute.Element"/>.</summary>
    ElementMatches,
}
