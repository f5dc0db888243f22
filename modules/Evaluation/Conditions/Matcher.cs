using System.Runtime.CompilerServices;

namespace Delivery.Evaluation;

/// <summary>What a condition is asked about: a snapshot, a context and, inside an array, one element.</summary>
internal readonly ref struct MatchScope
{
    private readonly ref int _visitsLeft;
    private readonly ref readonly AttributeValue _element;

    /// <param name="snapshot">Where segments and other flags are found.</param>
    /// <param name="context">The context.</param>
    /// <param name="visitsLeft">
    /// Counts the segments and flags asked about: a configuration whose parts name each other many times over must not
    /// take exponential time.
    /// </param>
    internal MatchScope(Snapshot snapshot, EvaluationContext context, ref int visitsLeft)
    {
        Snapshot = snapshot;
        Context = context;
        _visitsLeft = ref visitsLeft;
    }

    private MatchScope(Snapshot snapshot, EvaluationContext context, ref int visitsLeft, ref readonly AttributeValue element)
        : this(snapshot, context, ref visitsLeft) => _element = ref element;

    internal Snapshot Snapshot { get; }

    internal EvaluationContext Context { get; }

    /// <summary>The element under test where <see cref="HasElement"/>; by reference, so that a scope without one stays small.</summary>
    internal ref readonly AttributeValue Element => ref _element;

    internal bool HasElement => !Unsafe.IsNullRef(in _element);

    /// <summary>How many flags and segments deep this question is.</summary>
    internal int Depth { get; private init; }

    internal AttributeValue Find(AttributeReference reference) =>
        HasElement ? reference.Find(Element) : reference.Find(Context);

    internal MatchScope In(ref readonly AttributeValue element) =>
        new(Snapshot, Context, ref _visitsLeft, in element) { Depth = Depth };

    /// <summary>Asks to look at a segment or another flag; false when that went too deep or was done too often.</summary>
    internal bool MayVisit() => Depth < Limits.DependencyDepth && --_visitsLeft >= 0;

    /// <summary>The same question one dependency deeper, about the context itself.</summary>
    internal MatchScope Deeper() => new(Snapshot, Context, ref _visitsLeft) { Depth = Depth + 1 };
}

/// <summary>A compiled condition. Matching parses nothing and, the expression languages aside, allocates nothing.</summary>
internal abstract class Matcher
{
    internal abstract bool Matches(in MatchScope scope);

    /// <summary>The outcome with its reasons, for people.</summary>
    internal abstract ConditionTrace Explain(in MatchScope scope);

    private protected static ConditionTrace[] ExplainAll(Matcher[] matchers, in MatchScope scope)
    {
        var traces = new ConditionTrace[matchers.Length];
        for (var i = 0; i < matchers.Length; i++)
            traces[i] = matchers[i].Explain(scope);
        return traces;
    }
}

internal sealed class AllMatcher(Matcher[] matchers) : Matcher
{
    internal override bool Matches(in MatchScope scope)
    {
        foreach (var matcher in matchers)
        {
            if (!matcher.Matches(scope))
                return false;
        }

        return true;
    }

    internal override ConditionTrace Explain(in MatchScope scope) =>
        new("all", Matches(scope)) { Parts = ExplainAll(matchers, scope) };
}

internal sealed class AnyMatcher(Matcher[] matchers) : Matcher
{
    internal override bool Matches(in MatchScope scope)
    {
        foreach (var matcher in matchers)
        {
            if (matcher.Matches(scope))
                return true;
        }

        return false;
    }

    internal override ConditionTrace Explain(in MatchScope scope) =>
        new("any", Matches(scope)) { Parts = ExplainAll(matchers, scope) };
}

internal sealed class NotMatcher(Matcher inner) : Matcher
{
    internal override bool Matches(in MatchScope scope) => !inner.Matches(scope);

    internal override ConditionTrace Explain(in MatchScope scope) =>
        new("not", Matches(scope)) { Parts = [inner.Explain(scope)] };
}

internal sealed class SegmentMatcher(string key) : Matcher
{
    internal override bool Matches(in MatchScope scope) =>
        scope.MayVisit()
        && scope.Snapshot.TryFindSegment(key, out var segment)
        && segment.Contains(scope.Deeper());

    internal override ConditionTrace Explain(in MatchScope scope)
    {
        var found = scope.Snapshot.TryFindSegment(key, out var segment);
        return new ConditionTrace($"segment {key}", Matches(scope))
        {
            Detail = found ? null : "there is no such segment",
            Parts = found && scope.MayVisit() ? segment!.Explain(scope.Deeper()) : [],
        };
    }
}

internal sealed class FlagServesMatcher(string key, string[] variants) : Matcher
{
    internal override bool Matches(in MatchScope scope) => Serves(scope, out _);

    internal override ConditionTrace Explain(in MatchScope scope)
    {
        var matched = Serves(scope, out var served);
        return new ConditionTrace($"flag {key} serves {string.Join(" or ", variants)}", matched)
        {
            Attribute = key,
            Actual = served,
        };
    }

    private bool Serves(in MatchScope scope, out string? served)
    {
        served = null;
        if (!scope.MayVisit() || !scope.Snapshot.TryFindFlag(key, out var flag))
            return false;
        var result = FlagEvaluation.Evaluate(flag, scope.Deeper(), tracer: null);
        served = result.VariantKey;
        return result.Reason != EvaluationReason.Error && FlagEvaluation.IsOneOf(served, variants);
    }
}
