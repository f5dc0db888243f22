using System.Text.Json;
using Delivery.Contracts.Commands;
using Delivery.Evaluation;
using Mediator;

namespace Delivery.Contracts.Targeting;

/// <summary>Asks for all flags, by key.</summary>
/// <param name="WithArchived">Also those that are retired.</param>
public sealed record ListFlags(bool WithArchived = false) : IQuery<IReadOnlyList<FlagLine>>;

/// <summary>Asks for one flag in all environments; null when there is none.</summary>
public sealed record FindFlagLine(string Flag) : IQuery<FlagLine?>;

/// <summary>A flag as the console shows it.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Type">The type of its values.</param>
/// <param name="Owner">The owner team's key.</param>
/// <param name="Tags">Words to find it by.</param>
/// <param name="Description">What it decides.</param>
/// <param name="ExpiresOn">The day after which it should be gone.</param>
/// <param name="Environments">Where it is configured, by environment.</param>
/// <param name="Lifecycle">Where it stands between birth and removal.</param>
/// <param name="ChangedAt">When it last changed.</param>
/// <param name="Version">The stream version.</param>
public sealed record FlagLine(
    string Key,
    FlagType Type,
    string? Owner,
    IReadOnlyList<string> Tags,
    string? Description,
    DateOnly? ExpiresOn,
    IReadOnlyList<FlagPlace> Environments,
    FlagLifecycle Lifecycle,
    DateTimeOffset ChangedAt,
    long Version);

/// <summary>A flag in one environment.</summary>
/// <param name="Environment">The environment's key.</param>
/// <param name="RequiresApproval">Whether a change here needs a second person.</param>
/// <param name="Definition">The flag as the engine takes it here.</param>
public sealed record FlagPlace(string Environment, bool RequiresApproval, FlagDefinition Definition);

/// <summary>Evaluates a flag for a context and tells every step.</summary>
/// <param name="Flag">The flag's key.</param>
/// <param name="Environment">The environment's key.</param>
/// <param name="Context">The attributes, as a JSON object; targetingKey names the unit.</param>
public sealed record ExplainFlag(string Flag, string Environment, JsonElement Context) : IQuery<FlagExplanation>;

/// <summary>The steps, or why there are none.</summary>
/// <param name="Explanation">The result with its steps; null when there is a fault.</param>
/// <param name="Fault">What is wrong with the question, in a sentence.</param>
public sealed record FlagExplanation(Explanation? Explanation, string? Fault);

/// <summary>Turns a flag off in one environment, now: everyone gets the off variant. Repeating it changes nothing.</summary>
/// <param name="Audit">Who, why.</param>
/// <param name="Key">The flag's key.</param>
/// <param name="Environment">The environment's key.</param>
public sealed record KillFlag(Audit Audit, string Key, string Environment) : Command(Audit)
{
    /// <inheritdoc/>
    public override bool HoldsWhateverChanged => true;
}

/// <summary>Takes a kill back: the flag is as configured again. Repeating it changes nothing.</summary>
/// <param name="Audit">Who, why.</param>
/// <param name="Key">The flag's key.</param>
/// <param name="Environment">The environment's key.</param>
public sealed record RestoreFlag(Audit Audit, string Key, string Environment) : Command(Audit);
