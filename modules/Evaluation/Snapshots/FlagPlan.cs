using System.Collections.Frozen;

namespace Delivery.Evaluation;

/// <summary>A compiled flag.</summary>
internal sealed class FlagPlan
{
    private readonly FrozenDictionary<string, VariantPlan> _variants;

    /// <summary>What the definition alone depends on.</summary>
    private Dependencies _own = new();

    private FlagPlan(FlagDefinition definition)
    {
        Definition = definition;
        var variants = new Dictionary<string, VariantPlan>(StringComparer.Ordinal);
        foreach (var variant in definition.Variants)
            variants.TryAdd(variant.Key, new VariantPlan(variant));
        _variants = variants.Count > 8 ? variants.ToFrozenDictionary(StringComparer.Ordinal) : FrozenDictionary<string, VariantPlan>.Empty;
        Variants = [.. variants.Values];
    }

    internal FlagDefinition Definition { get; }

    internal VariantPlan[] Variants { get; }

    internal FlagType Type => Definition.Type;

    internal long Version => Definition.Version;

    /// <summary>Why the flag can't be evaluated; null if it can.</summary>
    internal string? Broken { get; private set; }

    internal VariantPlan? Off { get; private set; }

    internal PrerequisitePlan[] Prerequisites { get; private set; } = [];

    internal TargetPlan[] Targets { get; private set; } = [];

    internal HoldoutPlan[] Holdouts { get; private set; } = [];

    internal RulePlan[] Rules { get; private set; } = [];

    internal VariantPlan? DefaultVariant { get; private set; }

    internal SplitPlan? DefaultSplit { get; private set; }

    internal JsonLogicNode? DefaultExpression { get; private set; }

    /// <summary>True if every context gets the same variant.</summary>
    internal bool IsConstant { get; private set; }

    /// <summary>The one variant of a flag that needs no context; null where a context decides, and of an archived flag.</summary>
    internal VariantPlan? Constant { get; private set; }

    internal EvaluationReason ConstantReason { get; private set; }

    internal WhyKind ConstantKind { get; private set; }

    /// <summary>True if a condition asks about segments or other flags.</summary>
    internal bool AsksOthers { get; private set; }

    /// <summary>True if nothing stands between a context and the rules.</summary>
    internal bool StartsWithRules { get; private set; }

    internal Dependencies Dependencies { get; private set; } = new();

    internal static FlagPlan Compile(FlagDefinition definition, IEnumerable<LayerPlan> layers, IEnumerable<HoldoutPlan> holdouts)
    {
        var plan = new FlagPlan(definition);
        try
        {
            plan.Fill();
            plan.Join(layers, holdouts);
        }
        catch (FormatException exception)
        {
            plan.Broken = $"flag {definition.Key} has {exception.Message}.";
        }

        return plan;
    }

    /// <summary>The same flag in other layers and holdouts; what its definition was compiled to is shared.</summary>
    internal FlagPlan In(IEnumerable<LayerPlan> layers, IEnumerable<HoldoutPlan> holdouts)
    {
        if (Broken is not null)
            return Compile(Definition, layers, holdouts);
        var plan = (FlagPlan)MemberwiseClone();
        plan.Join(layers, holdouts);
        return plan;
    }

    internal VariantPlan? FindVariant(string key)
    {
        if (_variants.Count > 0)
            return _variants.GetValueOrDefault(key);
        foreach (var variant in Variants)
        {
            if (variant.Key == key)
                return variant;
        }

        return null;
    }

    private VariantPlan Variant(string key) =>
        FindVariant(key) ?? throw new FormatException($"a reference to variant {key}, which it has not");

    private void Fill()
    {
        Off = Variant(Definition.OffVariant);
        Prerequisites = [.. Definition.Prerequisites.Select(prerequisite => new PrerequisitePlan(prerequisite))];
        Dependencies.Flags.UnionWith(Definition.Prerequisites.Select(prerequisite => prerequisite.Flag));
        Targets = [.. Definition.Targets.Where(target => target.Units.Count > 0)
            .Select(target => new TargetPlan(Variant(target.Variant), new UnitReference(target.UnitAttribute), new UnitSet(target.Units)))];
        Rules = [.. Definition.Rules.Select(rule => RulePlan.Compile(rule, this, Variant))];
        foreach (var target in Targets)
            Dependencies.Read(target.Unit);
        FillDefault();
        _own = Dependencies;
    }

    private void Join(IEnumerable<LayerPlan> layers, IEnumerable<HoldoutPlan> holdouts)
    {
        Holdouts = [.. holdouts];
        Rules = [.. Rules.Select(rule => rule.In([.. layers.Select(layer => layer.GateOf(Definition.Key, rule.Id)).OfType<LayerGate>()]))];
        Dependencies = _own.Copy();
        foreach (var holdout in Holdouts)
            Dependencies.Read(holdout.Unit);
        if (Rules.Any(rule => rule.Layers.Length > 0))
        {
            foreach (var layer in layers)
                Dependencies.Read(layer.Unit);
        }

        FillConstant();
        AsksOthers = Dependencies.Segments.Count + Dependencies.Flags.Count > 0;
    }

    private void FillDefault()
    {
        switch (Definition.Default)
        {
            case null:
                DefaultVariant = Off;
                break;
            case Serve.Variant variant:
                DefaultVariant = Variant(variant.Key);
                break;
            case Serve.Split split:
                DefaultSplit = SplitPlan.Compile(split.Assignment, Definition.Key, Variant, Dependencies);
                break;
            case Serve.JsonLogic logic:
                DefaultExpression = JsonLogicCompiler.Compile(logic.Expression, Dependencies, Definition.Key);
                break;
            default:
                throw new FormatException("a default of a kind this version does not know");
        }
    }

    private void FillConstant()
    {
        var off = Definition.Killed || !Definition.Enabled;
        StartsWithRules = !off && !Definition.Archived && Targets.Length + Prerequisites.Length + Holdouts.Length == 0;
        IsConstant = off || (Rules.Length + Targets.Length + Prerequisites.Length + Holdouts.Length == 0 && DefaultVariant is not null);
        Constant = null;
        if (!IsConstant || Definition.Archived)
            return;
        Constant = off ? Off : DefaultVariant;
        ConstantReason = off ? EvaluationReason.Disabled : EvaluationReason.Static;
        ConstantKind = Definition.Killed ? WhyKind.Killed : off ? WhyKind.Disabled : WhyKind.Default;
    }
}

internal sealed class PrerequisitePlan(Prerequisite definition)
{
    internal string Flag { get; } = definition.Flag;

    internal string[] Variants { get; } = [.. definition.Variants];
}

internal sealed record TargetPlan(VariantPlan Variant, UnitReference Unit, UnitSet Units);

/// <summary>A compiled rule.</summary>
internal sealed class RulePlan
{
    private RulePlan(Rule rule) => Id = rule.Id;

    internal string Id { get; }

    internal LayerGate[] Layers { get; private set; } = [];

    internal Matcher? Condition { get; private set; }

    /// <summary>What this version can't evaluate; the rule is skipped. Null: nothing.</summary>
    internal string? Unsupported { get; private set; }

    internal VariantPlan? Variant { get; private set; }

    internal SplitPlan? Split { get; private set; }

    internal JsonLogicNode? Expression { get; private set; }

    /// <summary>The same rule behind other layers.</summary>
    internal RulePlan In(LayerGate[] layers)
    {
        if (Layers.Length + layers.Length == 0)
            return this;
        var plan = (RulePlan)MemberwiseClone();
        plan.Layers = layers;
        return plan;
    }

    internal static RulePlan Compile(Rule rule, FlagPlan flag, Func<string, VariantPlan> variant)
    {
        var plan = new RulePlan(rule);
        plan.Condition = new ConditionCompiler(flag.Dependencies).CompileOrNull(rule.Condition, out var unsupported);
        plan.Unsupported = unsupported;
        switch (rule.Serve)
        {
            case Serve.Variant serve:
                plan.Variant = variant(serve.Key);
                break;
            case Serve.Split serve:
                plan.CompileSplit(serve.Assignment, $"{flag.Definition.Key}/{rule.Id}", variant, flag.Dependencies);
                break;
            case Serve.JsonLogic serve:
                plan.Expression = JsonLogicCompiler.Compile(serve.Expression, flag.Dependencies, flag.Definition.Key);
                break;
            default:
                plan.Unsupported ??= "what it serves is of a kind this version does not know";
                break;
        }

        return plan;
    }

    // A newer server may send an algorithm this SDK lacks: the rule is skipped, the rest of the flag works.
    private void CompileSplit(Split split, string defaultSalt, Func<string, VariantPlan> variant, Dependencies dependencies)
    {
        if (BucketingAlgorithm.All.Contains(split.Algorithm) && split.Filters.All(filter => BucketingAlgorithm.All.Contains(filter.Algorithm)))
            Split = SplitPlan.Compile(split, defaultSalt, variant, dependencies);
        else
            Unsupported ??= $"the bucketing algorithm {split.Algorithm} or a filter's is not known to this version";
    }
}
