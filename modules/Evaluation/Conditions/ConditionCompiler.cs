using System.Collections.Frozen;

namespace Delivery.Evaluation;

/// <summary>Turns a condition tree into matchers once, so that evaluating parses nothing.</summary>
internal sealed class ConditionCompiler(Dependencies dependencies)
{
    private const int LinearSearchLimit = 8;
    private string? _unsupported;
    private int _elementDepth;

    /// <summary>Compiles a condition; null for everyone, and for what this version does not support.</summary>
    internal Matcher? CompileOrNull(Condition? condition, out string? unsupported)
    {
        _unsupported = null;
        var matcher = condition is null ? null : Compile(condition);
        unsupported = _unsupported;
        return unsupported is null ? matcher : null;
    }

    private Matcher Compile(Condition condition)
    {
        switch (condition)
        {
            case Condition.All all:
                return new AllMatcher(CompileEach(all.Conditions));
            case Condition.Any any:
                return new AnyMatcher(CompileEach(any.Conditions));
            case Condition.Not not:
                return new NotMatcher(Compile(not.Inner));
            case Condition.InSegment segment:
                dependencies.Segments.Add(segment.Key);
                return new SegmentMatcher(segment.Key);
            case Condition.FlagServes flag:
                dependencies.Flags.Add(flag.Key);
                return new FlagServesMatcher(flag.Key, [.. flag.Variants]);
            case Condition.GrowthBook growthBook:
                return Collect(() => GrowthBookMatcher.Compile(growthBook, dependencies));
            case Condition.JsonLogic logic:
                return Collect(() => new JsonLogicMatcher(JsonLogicCompiler.Compile(logic.Expression, dependencies)));
            case Condition.Attribute attribute:
                return CompileAttribute(attribute);
            default:
                return Unsupported("a condition of a kind this version does not know");
        }
    }

    private Matcher[] CompileEach(IReadOnlyList<Condition> conditions) => [.. conditions.Select(Compile)];

    private Matcher Collect(Func<Matcher> compile)
    {
        try
        {
            return compile();
        }
        catch (FormatException exception)
        {
            return Unsupported(exception.Message);
        }
    }

    private NeverMatcher Unsupported(string reason)
    {
        _unsupported ??= reason;
        return NeverMatcher.Instance;
    }

    private Matcher CompileAttribute(Condition.Attribute attribute)
    {
        var reference = new AttributeReference(attribute.Name);
        if (_elementDepth == 0)
            dependencies.Attributes.Add(attribute.Name);
        if (OperatorRules.Check(attribute) is { } error)
            return Unsupported($"attribute {attribute.Name}, operator {Operators.Word(attribute.Operator)}: {error}");
        var question = Question(attribute);
        return attribute.Operator switch
        {
            ConditionOperator.Exists => new ExistsMatcher(reference, question),
            ConditionOperator.Equals or ConditionOperator.In => CompileIn(attribute, reference, question),
            ConditionOperator.Contains => CompileText(attribute, reference, question, TextPart.Anywhere),
            ConditionOperator.StartsWith => CompileText(attribute, reference, question, TextPart.Start),
            ConditionOperator.EndsWith => CompileText(attribute, reference, question, TextPart.End),
            ConditionOperator.Matches => CompileRegex(attribute, reference, question),
            ConditionOperator.LessThan => new NumberMatcher(reference, question, Number(attribute), Order.Less),
            ConditionOperator.LessThanOrEqual => new NumberMatcher(reference, question, Number(attribute), Order.Less | Order.Equal),
            ConditionOperator.GreaterThan => new NumberMatcher(reference, question, Number(attribute), Order.Greater),
            ConditionOperator.GreaterThanOrEqual => new NumberMatcher(reference, question, Number(attribute), Order.Greater | Order.Equal),
            ConditionOperator.Before => new MomentMatcher(reference, question, Moment(attribute), Order.Less),
            ConditionOperator.After => new MomentMatcher(reference, question, Moment(attribute), Order.Greater),
            ConditionOperator.SemVerEqual => Version(attribute, reference, question, Order.Equal),
            ConditionOperator.SemVerLessThan => Version(attribute, reference, question, Order.Less),
            ConditionOperator.SemVerLessThanOrEqual => Version(attribute, reference, question, Order.Less | Order.Equal),
            ConditionOperator.SemVerGreaterThan => Version(attribute, reference, question, Order.Greater),
            ConditionOperator.SemVerGreaterThanOrEqual => Version(attribute, reference, question, Order.Greater | Order.Equal),
            ConditionOperator.IpInNetwork => new NetworkMatcher(reference, question, Networks(attribute)),
            ConditionOperator.ArrayContainsAny => new ArrayContainsMatcher(reference, question, Values(attribute), all: false, Comparison(attribute)),
            ConditionOperator.ArrayContainsAll => new ArrayContainsMatcher(reference, question, Values(attribute), all: true, Comparison(attribute)),
            ConditionOperator.ArraySize => new ArraySizeMatcher(reference, question, Number(attribute), Order.Equal),
            ConditionOperator.ArraySizeAtLeast => new ArraySizeMatcher(reference, question, Number(attribute), Order.Greater | Order.Equal),
            ConditionOperator.ElementMatches => CompileElement(attribute, reference, question),
            _ => Unsupported($"operator {attribute.Operator}"),
        };
    }

    private static AttributeMatcher CompileIn(Condition.Attribute attribute, AttributeReference reference, string question)
    {
        var values = Values(attribute);
        var onlyTexts = Array.TrueForAll(values, value => value.Kind == AttributeKind.String);
        if (values.Length <= LinearSearchLimit && onlyTexts && !attribute.IgnoreCase)
            return new TextEqualsMatcher(reference, question, [.. values.Select(value => value.Text)]);
        if (values.Length <= LinearSearchLimit || !onlyTexts)
            return new EqualsMatcher(reference, question, values, Comparison(attribute));
        var comparer = attribute.IgnoreCase ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;
        return new TextSetMatcher(reference, question, values.Select(value => value.Text).ToFrozenSet(comparer));
    }

    private static TextPartMatcher CompileText(Condition.Attribute attribute, AttributeReference reference, string question, TextPart part) =>
        new(reference, question, [.. attribute.Values.Select(value => value.GetString()!)], part, Comparison(attribute));

    private Matcher CompileRegex(Condition.Attribute attribute, AttributeReference reference, string question) =>
        SafeRegex.TryCreate(attribute.Values[0].GetString()!, attribute.IgnoreCase, out var regex, out var error)
            ? new RegexMatcher(reference, question, regex)
            : Unsupported($"the regular expression of {attribute.Name} {error}");

    private ElementMatcher CompileElement(Condition.Attribute attribute, AttributeReference reference, string question)
    {
        _elementDepth++;
        var inner = Compile(attribute.Element!);
        _elementDepth--;
        return new ElementMatcher(reference, question, inner);
    }

    private static SemanticVersionMatcher Version(Condition.Attribute attribute, AttributeReference reference, string question, Order accepted) =>
        new(reference, question, attribute.Values[0].GetString()!, accepted);

    private static NetworkRange[] Networks(Condition.Attribute attribute)
    {
        var networks = new NetworkRange[attribute.Values.Count];
        for (var i = 0; i < networks.Length; i++)
            networks[i] = NetworkRange.TryParse(attribute.Values[i].GetString()!, out var network) ? network : default;
        return networks;
    }

    private static DateTimeOffset Moment(Condition.Attribute attribute)
    {
        Moments.TryRead(AttributeValue.From(attribute.Values[0]), out var moment);
        return moment;
    }

    private static double Number(Condition.Attribute attribute) => attribute.Values[0].GetDouble();

    private static AttributeValue[] Values(Condition.Attribute attribute) => [.. attribute.Values.Select(AttributeValue.From)];

    private static StringComparison Comparison(Condition.Attribute attribute) =>
        attribute.IgnoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    private static string Question(Condition.Attribute attribute)
    {
        const int shownValues = 10;
        var values = string.Join(", ", attribute.Values.Take(shownValues).Select(value => value.GetRawText()));
        var more = attribute.Values.Count > shownValues ? $", ... ({attribute.Values.Count})" : "";
        return $"{attribute.Name} {Operators.Word(attribute.Operator)} {values}{more}".TrimEnd();
    }
}

internal sealed class NeverMatcher : Matcher
{
    internal static NeverMatcher Instance { get; } = new();

    internal override bool Matches(in MatchScope scope) => false;

    internal override ConditionTrace Explain(in MatchScope scope) => new("unsupported", false);
}
