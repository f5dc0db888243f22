using Delivery.Evaluation;

namespace Delivery.Targeting.Flags;

/// <summary>A flag was defined; it exists in every environment at once, with the configuration given here or none.</summary>
internal sealed record FlagCreated(string Key, FlagIdentity Identity, IReadOnlyDictionary<string, FlagConfiguration> Environments);

/// <summary>What the flag is, apart from where it is configured, was written anew.</summary>
internal sealed record FlagDefined(FlagIdentity Identity);

/// <summary>An environment's configuration was written anew; the rules of releases are not part of it.</summary>
internal sealed record FlagConfigured(string Environment, FlagConfiguration Configuration);

/// <summary>A person or the platform turned the flag off in an environment: the off variant for everyone.</summary>
/// <param name="Environment">The environment's key.</param>
/// <param name="Emergency">Whether it went past an approval that the environment requires of every other change.</param>
internal sealed record FlagKilled(string Environment, bool Emergency = false);

/// <summary>The flag is as configured again.</summary>
internal sealed record FlagRestored(string Environment);

/// <summary>The flag is retired everywhere.</summary>
internal sealed record FlagArchived;

/// <summary>A rollout opened its release to a part of the population, or changed the part.</summary>
internal sealed record ReleaseOpened(string Environment, Release Release);

/// <summary>A rollout took its release away.</summary>
internal sealed record ReleaseClosed(string Environment, string Rollout);

/// <summary>What a flag is in every environment.</summary>
internal sealed record FlagIdentity
{
    public required FlagType Type { get; init; }
    public required IReadOnlyList<Variant> Variants { get; init; }

    /// <summary>Served when the flag is disabled or killed, unless an environment names another.</summary>
    public required string OffVariant { get; init; }

    /// <summary>The owner team's key.</summary>
    public string? Owner { get; init; }

    public IReadOnlyList<string> Tags { get; init => field = value ?? []; } = [];
    public string? Description { get; init; }

    /// <summary>The day after which the flag should be gone; it is told to the owner, it changes no evaluation.</summary>
    public DateOnly? ExpiresOn { get; init; }

    public bool ClientVisible { get; init; }
}

/// <summary>What people configure for a flag in one environment.</summary>
internal sealed record FlagConfiguration
{
    /// <summary>What an environment has that nobody configured: enabled, and serving the off variant, so that a rollout can open the flag.</summary>
    public static FlagConfiguration Untouched { get; } = new();

    public bool Enabled { get; init; } = true;

    /// <summary>Null: the flag's own.</summary>
    public string? OffVariant { get; init; }

    /// <summary>Null: the off variant.</summary>
    public Serve? Default { get; init; }

    public IReadOnlyList<Rule> Rules { get; init => field = value ?? []; } = [];
    public IReadOnlyList<IndividualTarget> Targets { get; init => field = value ?? []; } = [];
    public IReadOnlyList<Prerequisite> Prerequisites { get; init => field = value ?? []; } = [];
}

/// <summary>A rollout's part in a flag's environment.</summary>
/// <param name="Rollout">The rollout's key.</param>
/// <param name="Variant">What it releases.</param>
/// <param name="UnitAttribute">What names the unit.</param>
/// <param name="Ring">Who gets it whatever the percentage; null for nobody.</param>
/// <param name="ExposurePpm">The exposed part of everyone else, in parts per million.</param>
internal sealed record Release(string Rollout, string Variant, string UnitAttribute, Condition? Ring = null, int ExposurePpm = 0);
