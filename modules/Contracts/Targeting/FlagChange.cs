using System.Text.Json.Serialization;
using Delivery.Evaluation;

namespace Delivery.Contracts.Targeting;

/// <summary>
/// A change of a flag that is written down now and made later: at a time, or after a review. In JSON an object with a
/// <c>kind</c>: <c>enable</c>, <c>disable</c>, <c>kill</c>, <c>restore</c>, <c>configure</c>, <c>rules</c>, <c>default</c>,
/// <c>targets</c>, <c>prerequisites</c>, <c>exposure</c>, <c>define</c>, <c>archive</c>. Rules here are people's: those of a
/// rollout stay where they are.
/// </summary>
/// <param name="Flag">The flag's key.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Enable), "enable")]
[JsonDerivedType(typeof(Disable), "disable")]
[JsonDerivedType(typeof(Kill), "kill")]
[JsonDerivedType(typeof(Restore), "restore")]
[JsonDerivedType(typeof(Configure), "configure")]
[JsonDerivedType(typeof(SetRules), "rules")]
[JsonDerivedType(typeof(SetDefault), "default")]
[JsonDerivedType(typeof(SetTargets), "targets")]
[JsonDerivedType(typeof(SetPrerequisites), "prerequisites")]
[JsonDerivedType(typeof(SetExposure), "exposure")]
[JsonDerivedType(typeof(Define), "define")]
[JsonDerivedType(typeof(Archive), "archive")]
public abstract record FlagChange(string Flag)
{
    /// <summary>The environment's key; null for a change of what the flag is everywhere.</summary>
    [JsonIgnore]
    public abstract string? In { get; }

    /// <summary>A change in one environment.</summary>
    public abstract record InEnvironment(string Flag, string Environment) : FlagChange(Flag)
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override string? In => Environment;
    }

    /// <summary>Rules apply.</summary>
    public sealed record Enable(string Flag, string Environment) : InEnvironment(Flag, Environment);

    /// <summary>The off variant for everyone; rollouts end.</summary>
    public sealed record Disable(string Flag, string Environment) : InEnvironment(Flag, Environment);

    /// <summary>The off variant for everyone, until restored.</summary>
    public sealed record Kill(string Flag, string Environment) : InEnvironment(Flag, Environment);

    /// <summary>Takes a kill back.</summary>
    public sealed record Restore(string Flag, string Environment) : InEnvironment(Flag, Environment);

    /// <summary>The whole configuration anew, as <c>PUT /api/v1/flags/{key}/environments/{environment}</c> takes it.</summary>
    public sealed record Configure(
        string Flag,
        string Environment,
        bool Enabled = true,
        string? OffVariant = null,
        Serve? Default = null,
        IReadOnlyList<Rule>? Rules = null,
        IReadOnlyList<IndividualTarget>? Targets = null,
        IReadOnlyList<Prerequisite>? Prerequisites = null) : InEnvironment(Flag, Environment);

    /// <summary>People's rules anew.</summary>
    public sealed record SetRules(string Flag, string Environment, IReadOnlyList<Rule> Rules) : InEnvironment(Flag, Environment);

    /// <summary>What is served when no target and no rule decided; the off variant when left out.</summary>
    public sealed record SetDefault(string Flag, string Environment, Serve? Default = null) : InEnvironment(Flag, Environment);

    /// <summary>The individual targets anew.</summary>
    public sealed record SetTargets(string Flag, string Environment, IReadOnlyList<IndividualTarget> Targets) : InEnvironment(Flag, Environment);

    /// <summary>The prerequisites anew.</summary>
    public sealed record SetPrerequisites(string Flag, string Environment, IReadOnlyList<Prerequisite> Prerequisites) : InEnvironment(Flag, Environment);

    /// <summary>The exposure percentage of one rule's split; nobody exposed moves to another variant.</summary>
    /// <param name="Flag">The flag's key.</param>
    /// <param name="Environment">The environment's key.</param>
    /// <param name="Rule">The rule's id.</param>
    /// <param name="ExposurePercent">0 to 100, in steps of 0.0001.</param>
    public sealed record SetExposure(string Flag, string Environment, string Rule, double ExposurePercent) : InEnvironment(Flag, Environment);

    /// <summary>What the flag is everywhere, anew, as <c>PUT /api/v1/flags/{key}</c> takes it.</summary>
    public sealed record Define(
        string Flag,
        FlagType Type,
        IReadOnlyList<Variant> Variants,
        string OffVariant,
        string? Owner = null,
        IReadOnlyList<string>? Tags = null,
        string? Description = null,
        DateOnly? ExpiresOn = null,
        bool ClientVisible = false) : FlagChange(Flag)
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override string? In => null;
    }

    /// <summary>Retires the flag.</summary>
    public sealed record Archive(string Flag) : FlagChange(Flag)
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override string? In => null;
    }
}
