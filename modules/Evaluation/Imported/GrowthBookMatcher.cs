namespace Delivery.Evaluation;

/// <summary>A GrowthBook condition, by GrowthBook's specification 0.8.0 (its JavaScript SDK is the reference).</summary>
internal sealed class GrowthBookMatcher(GrowthBookQuery query, string? flagKey, string question) : Matcher
{
    internal override bool Matches(in MatchScope scope)
    {
        if (flagKey is null)
            return query.Holds(scope);
        if (!scope.MayVisit() || !scope.Snapshot.TryFindFlag(flagKey, out var flag))
        {
            var nothing = Wrap(AttributeValue.Null);
            return query.Holds(scope.In(in nothing));
        }

        var result = FlagEvaluation.Evaluate(flag, scope.Deeper(), tracer: null);
        var served = Wrap(result.HasValue ? AttributeValue.From(result.Value) : AttributeValue.Null);
        return query.Holds(scope.In(in served));
    }

    internal override ConditionTrace Explain(in MatchScope scope)
    {
        var actual = new List<string>();
        foreach (var attribute in query.Attributes)
        {
            var value = new AttributeReference(attribute).Find(scope.Context);
            actual.Add($"{attribute} = {value}");
        }

        return new ConditionTrace(question, Matches(scope))
        {
            Attribute = flagKey,
            Actual = flagKey is null ? string.Join(", ", actual) : null,
        };
    }

    /// <exception cref="FormatException">The query is no GrowthBook condition.</exception>
    internal static GrowthBookMatcher Compile(Condition.GrowthBook condition, Dependencies dependencies)
    {
        var query = GrowthBookCompiler.Compile(condition.Query);
        if (condition.FlagValue is { } flag)
            dependencies.Flags.Add(flag);
        else
            dependencies.Attributes.UnionWith(query.Attributes);
        dependencies.Segments.UnionWith(query.Groups);
        return new GrowthBookMatcher(query, condition.FlagValue, $"growthBook {condition.Query.GetRawText()}");
    }

    private static AttributeValue Wrap(AttributeValue value) => AttributeValue.From(new AttributeObject(["value"], [value]));
}

/// <summary>A query of an object: every part must hold.</summary>
internal sealed class GrowthBookQuery
{
    internal delegate bool Part(in MatchScope scope);

    internal required Part[] Parts { get; init; }

    /// <summary>The attributes asked for, paths included.</summary>
    internal HashSet<string> Attributes { get; } = new(StringComparer.Ordinal);

    /// <summary>The saved groups asked for.</summary>
    internal HashSet<string> Groups { get; } = new(StringComparer.Ordinal);

    internal bool Holds(in MatchScope scope)
    {
        foreach (var part in Parts)
        {
            if (!part(scope))
                return false;
        }

        return true;
    }
}
