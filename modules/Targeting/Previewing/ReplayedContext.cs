using System.Text.Json;
using Delivery.Contracts.Exposures;
using Delivery.Evaluation;

namespace Delivery.Targeting.Previewing;

/// <summary>A recorded context, ready to be evaluated again, and what is known of it.</summary>
internal sealed class ReplayedContext
{
    private readonly RecordedContext _recorded;
    private readonly bool _byAttribute;

    /// <param name="recorded">What the ledger has.</param>
    /// <param name="unitAttributes">The attributes that a split or target may name a unit by.</param>
    public ReplayedContext(RecordedContext recorded, IReadOnlySet<string> unitAttributes)
    {
        _recorded = recorded;
        _byAttribute = recorded.UnitKind is { } kind and not Evaluation.Attributes.TargetingKey && unitAttributes.Contains(kind);
        var context = EvaluationContext.For(_byAttribute ? null : recorded.Unit).At(recorded.Time);
        if (_byAttribute)
            context.With(recorded.UnitKind!, recorded.Unit);
        if (recorded.Attributes is { ValueKind: JsonValueKind.Object } attributes)
        {
            foreach (var attribute in attributes.EnumerateObject().Where(attribute => attribute.Name != Evaluation.Attributes.TargetingKey))
                context.With(attribute.Name, AttributeValue.From(attribute.Value));
        }

        Context = context.Build();
    }

    public EvaluationContext Context { get; }

    /// <summary>Whether the value of an attribute, or that there was none, follows from what was recorded.</summary>
    /// <param name="name">The attribute, or a path into one; <see cref="AttributesRead.Any"/> for all.</param>
    /// <param name="readThen">What the flag read when this was recorded.</param>
    public bool Knows(string name, IReadOnlyList<string> readThen)
    {
        if (name == Evaluation.Attributes.TargetingKey)
            return !_byAttribute;
        if (_byAttribute && name == _recorded.UnitKind)
            return true;
        if (_recorded.Attributes is not { ValueKind: JsonValueKind.Object } attributes)
            return false;
        if (readThen.Contains(AttributesRead.Any))
            return true;
        if (name == AttributesRead.Any)
            return false;
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var root = dot > 0 ? name[..dot] : name;
        return attributes.TryGetProperty(name, out _) || attributes.TryGetProperty(root, out _) || readThen.Contains(name) || readThen.Contains(root);
    }

    /// <summary>Whether a split would draw a random unit, because the context has none: that draw is not recorded.</summary>
    public bool DrawsAtRandom(FlagDefinition flag) => Splits(flag).Any(split =>
        (split.RandomUnit && Lacks(split.UnitAttribute, split.FallbackUnitAttributes))
        || split.Filters.Any(filter => filter.RandomUnit && Lacks(filter.UnitAttribute, filter.FallbackUnitAttributes)));

    public static IEnumerable<Split> Splits(FlagDefinition flag) =>
        flag.Rules.Select(rule => rule.Serve).Append(flag.Default).OfType<Serve.Split>().Select(serve => serve.Assignment);

    private bool Lacks(string attribute, IEnumerable<string> fallbacks) =>
        fallbacks.Prepend(attribute).All(name => !Context.TryGet(name, out var value) || value.IsMissingOrNull);
}
