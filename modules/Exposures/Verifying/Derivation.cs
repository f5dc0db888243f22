using System.Text;
using System.Text.Json;
using Delivery.Evaluation;
using Delivery.Exposures.Privacy;
using Delivery.Exposures.Queries;

namespace Delivery.Exposures.Verifying;

/// <summary>What was decided for a unit, as an exposure says it.</summary>
/// <param name="Variant">The variant's key; null where the evaluation failed.</param>
/// <param name="Reason">In OpenFeature's words.</param>
/// <param name="Rule">The deciding rule's id, or null.</param>
/// <param name="FlagVersion">The flag's version.</param>
internal sealed record DecisionView(string? Variant, string Reason, string? Rule, long FlagVersion)
{
    public static DecisionView Recorded(ExposureView exposure) => new(exposure.Variant, exposure.Reason, exposure.RuleId, exposure.FlagVersion);

    public static DecisionView Of(in EvaluationResult result) =>
        new(result.VariantKey, JsonNamingPolicy.SnakeCaseUpper.ConvertName(result.Reason.ToString()), result.Why.RuleId, result.FlagVersion);

    /// <summary>
    /// Whether a recorded decision is this one. Some senders write reasons in lower case or do not know rules (OpenTelemetry):
    /// a rule that was not recorded contradicts nothing.
    /// </summary>
    public bool IsToldBy(DecisionView recorded) =>
        Variant == recorded.Variant
        && string.Equals(Reason, recorded.Reason, StringComparison.OrdinalIgnoreCase)
        && (recorded.Rule is null || recorded.Rule == Rule);

    public override string ToString() =>
        $"{Variant ?? "no variant"} ({Reason}{(Rule is null ? "" : $", {Rule}")}, version {FlagVersion})";
}

/// <summary>How an exposure compares with what its flag gives.</summary>
internal abstract record Derivation
{
    private Derivation()
    {
    }

    /// <summary>The same.</summary>
    public sealed record Matches : Derivation
    {
        public static Matches Instance { get; } = new();
    }

    /// <summary>Another.</summary>
    public sealed record Differs(DecisionView Expected) : Derivation;

    /// <summary>What was recorded does not suffice to say.</summary>
    public sealed record Underivable(string Reason) : Derivation;
}

/// <summary>Evaluates again, from what an exposure recorded.</summary>
internal static class Rederivation
{
    public const string VersionUnknown = "version-unknown";
    public const string UnitForgotten = "unit-forgotten";
    public const string AttributesNotRecorded = "attributes-not-recorded";
    public const string TargetingKeyNotRecorded = "targeting-key-not-recorded";
    public const string RandomUnit = "random-unit";
    public const string TimeNotRecorded = "time-not-recorded";
    public const string AttributesWithheld = "attributes-withheld";
    public const string SequenceNotRecorded = "sequence-not-recorded";

    private const string Pseudonym = "forgotten-";

    /// <summary>
    /// Compares. Where the decision could have read what was not recorded, a difference proves nothing and is underivable; an
    /// agreement stands.
    /// </summary>
    public static Derivation Compare(Snapshot snapshot, ExposureView exposure)
    {
        if (IsForgotten(exposure))
            return new Derivation.Underivable(UnitForgotten);
        var expected = Decide(snapshot, exposure);
        if (expected.IsToldBy(DecisionView.Recorded(exposure)))
            return Derivation.Matches.Instance;
        return Lacks(snapshot, exposure) is { } lack ? new Derivation.Underivable(lack) : new Derivation.Differs(expected);
    }

    public static DecisionView Decide(Snapshot snapshot, ExposureView exposure) =>
        DecisionView.Of(snapshot.Evaluate(exposure.Flag, Context(snapshot, exposure)));

    /// <summary>Whether the one flag of the snapshot reads anything beside itself.</summary>
    public static bool HasDependencies(Snapshot snapshot) =>
        snapshot.ToRuleset() is { Flags.Count: > 1 } or { Segments.Count: > 0 } or { Layers.Count: > 0 } or { Holdouts.Count: > 0 };

    public static bool IsForgotten(ExposureView exposure) => IsForgotten(exposure.Unit, exposure.Attributes is not null);

    public static bool IsForgotten(string unit, bool hasAttributes) =>
        !hasAttributes && unit.Length == Pseudonym.Length + 32 && unit.StartsWith(Pseudonym, StringComparison.Ordinal);

    private static EvaluationContext Context(Snapshot snapshot, ExposureView exposure)
    {
        var byAttribute = IsUnitAttribute(snapshot, exposure);
        var context = EvaluationContext.For(byAttribute ? null : exposure.Unit).At(exposure.Time);
        if (byAttribute)
            context.With(exposure.UnitKind!, exposure.Unit);
        if (exposure.Attributes is not { } recorded)
            return context.Build();
        foreach (var attribute in recorded.EnumerateObject().Where(attribute => attribute.Name != Attributes.TargetingKey && !Withheld.IsOne(attribute.Value)))
            context.With(attribute.Name, attribute.Value);
        return context.Build();
    }

    /// <summary>Whether the unit is the value of a split's attribute, as the SDK records it, and not the targeting key.</summary>
    private static bool IsUnitAttribute(Snapshot snapshot, ExposureView exposure) =>
        exposure.UnitKind is { } kind and not Attributes.TargetingKey && Splits(snapshot.Definition(exposure.Flag)).Any(split => split.UnitAttribute == kind);

    private static string? Lacks(Snapshot snapshot, ExposureView exposure)
    {
        var byAttribute = IsUnitAttribute(snapshot, exposure);
        var read = snapshot.AttributesReadBy(exposure.Flag);
        if (exposure.Attributes is null && read.Any(name => name != Attributes.TargetingKey && !(byAttribute && name == exposure.UnitKind)))
            return AttributesNotRecorded;
        if (exposure.Attributes is { } recorded && recorded.EnumerateObject().Any(attribute => Withheld.IsOne(attribute.Value)))
            return AttributesWithheld;
        if (byAttribute && read.Any(name => name is Attributes.TargetingKey or AttributesRead.Any))
            return TargetingKeyNotRecorded;
        var ruleset = snapshot.ToRuleset();
        if (ruleset.Flags.SelectMany(Splits).Any(split => split.RandomUnit || split.Filters.Any(filter => filter.RandomUnit)))
            return RandomUnit;
        return Encoding.UTF8.GetString(RulesetJson.Write(ruleset)).Contains("$flagd.timestamp", StringComparison.Ordinal) ? TimeNotRecorded : null;
    }

    private static IEnumerable<Split> Splits(FlagDefinition? flag) =>
        flag is null ? [] : flag.Rules.Select(rule => rule.Serve).Append(flag.Default).OfType<Serve.Split>().Select(serve => serve.Assignment);
}
