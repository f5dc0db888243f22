namespace Delivery.Evaluation;

/// <summary>What a condition is asked about: a snapshot, a context and, inside an array, one element.</summary>
internal ref struct MatchScope
{
    internal required Snapshot Snapshot { get; init; }

    internal required EvaluationContext Context { get; init; }

    /// <summary>The element under test where <see cref="HasElement"/>.</summary>
    internal AttributeValue Element { get; init; }

    internal bool HasElement { get; init; }

    /// <summary>How many flags and segments deep this question is.</summary>
    internal int Depth { get; init; }

    internal readonly AttributeValue Find(AttributeReference reference) =>
        HasElement ? reference.Find(Element) : reference.Find(Context);

    internal readonly MatchScope In(AttributeValue element) => new()
    {
        Snapshot = Snapshot,
        Context = Context,
        Depth = Depth,
        Element = element,
        HasElement = true,
    };

    /// <summary>The same question one dependency deeper, about the context itself.</summary>
    internal readonly MatchScope Deeper() => new() { Snapshot = Snapshot, Context = Context, Depth = Depth + 1 };
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
        scope.Depth < Limits.DependencyDepth
        && scope.Snapshot.TryFindSegment(key, out var segment)
        && segment.Contains(scope.Deeper());

    internal override ConditionTrace Explain(in MatchScope scope)
    {
        var found = scope.Snapshot.TryFindSegment(key, out var segment);
        return new ConditionTrace($"segment {key}", Matches(scope))
        {
            Detail = found ? null : "there is no such segment",
            Parts = found && scope.Depth < Limits.DependencyDepth ? segment!.Explain(scope.Deeper()) : [],
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
        if (scope.Depth >= Limits.DependencyDepth || !scope.Snapshot.TryFindFlag(key, out var flag))
            return false;
        var result = FlagEvaluation.Evaluate(flag, scope.Deeper(), tracer: null);
        served = result.VariantKey;
        return result.Reason != EvaluationReason.Error && FlagEvaluation.IsOneOf(served, variants);
    }
}
