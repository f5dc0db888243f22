using System.Text.Json;
using System.Text.Json.Serialization;

namespace Delivery.Evaluation;

/// <summary>A flag as configured in one environment.</summary>
public sealed record FlagDefinition
{
    /// <summary>The flag's key, unique in the environment, 1 to 200 characters.</summary>
    public required string Key { get; init; }

    /// <summary>The type that every variant's value has.</summary>
    public FlagType Type { get; init; }

    /// <summary>The outcomes, in a fixed order. At least one.</summary>
    public IReadOnlyList<Variant> Variants { get; init => field = value ?? []; } = [];

    /// <summary>False: every evaluation is <see cref="EvaluationReason.Disabled"/> and serves the off variant.</summary>
    public bool Enabled { get; init; }

    /// <summary>True after a kill: like disabled, whatever <see cref="Enabled"/> says, until restored.</summary>
    public bool Killed { get; init; }

    /// <summary>Key of the variant served when the flag is disabled, killed or its prerequisite fails.</summary>
    public required string OffVariant { get; init; }

    /// <summary>What is served when no target and no rule decided. Null: the off variant.</summary>
    public Serve? Default { get; init; }

    /// <summary>Rules in order; the first that decides wins. At most <see cref="Limits.RulesPerFlag"/>.</summary>
    public IReadOnlyList<Rule> Rules { get; init => field = value ?? []; } = [];

    /// <summary>Units that get a variant whatever the rules and holdouts say.</summary>
    public IReadOnlyList<IndividualTarget> Targets { get; init => field = value ?? []; } = [];

    /// <summary>Other flags that must serve one of the named variants; otherwise the off variant is served.</summary>
    public IReadOnlyList<Prerequisite> Prerequisites { get; init => field = value ?? []; } = [];

    /// <summary>Whether client-side keys may see this flag.</summary>
    public bool ClientVisible { get; init; }

    /// <summary>Version of the flag's event stream this configuration is as of.</summary>
    public long Version { get; init; }

    /// <summary>Global configuration sequence of the flag's last change.</summary>
    public long Sequence { get; init; }

    /// <summary>True when retired: evaluation answers <see cref="EvaluationError.FlagNotFound"/>.</summary>
    public bool Archived { get; init; }
}

/// <summary>The type of a flag's values.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<FlagType>))]
public enum FlagType
{
    /// <summary>true or false.</summary>
    Boolean,

    /// <summary>Text.</summary>
    String,

    /// <summary>A double-precision number.</summary>
    Number,

    /// <summary>Any JSON value: an object, usually.</summary>
    Object,
}

/// <summary>One outcome of a flag.</summary>
public sealed record Variant
{
    /// <summary>Name of the variant, unique in the flag.</summary>
    public required string Key { get; init; }

    /// <summary>The value callers get; of the flag's type.</summary>
    public required JsonElement Value { get; init; }
}

/// <summary>Units that always get one variant.</summary>
public sealed record IndividualTarget
{
    /// <summary>Key of the variant to serve.</summary>
    public required string Variant { get; init; }

    /// <summary>The attribute that names the unit. Default: the targeting key.</summary>
    public string UnitAttribute { get; init => field = value ?? Attributes.TargetingKey; } = Attributes.TargetingKey;

    /// <summary>The units' ids, compared ordinally.</summary>
    public IReadOnlyList<string> Units { get; init => field = value ?? []; } = [];
}

/// <summary>Another flag's result that must hold.</summary>
public sealed record Prerequisite
{
    /// <summary>Key of the other flag.</summary>
    public required string Flag { get; init; }

    /// <summary>The variants of that flag of which one must be served.</summary>
    public IReadOnlyList<string> Variants { get; init => field = value ?? []; } = [];
}

/// <summary>Names of attributes with a meaning to the engine.</summary>
public static class Attributes
{
    /// <summary>The attribute that names the unit unless a rule says otherwise.</summary>
    public const string TargetingKey = "targetingKey";
}
