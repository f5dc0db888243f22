namespace Delivery.Evaluation;

/// <summary>A compiled segment.</summary>
internal sealed class SegmentPlan
{
    private readonly UnitReference _unit;
    private readonly UnitSet _included;
    private readonly UnitSet _excluded;
    private readonly Matcher? _condition;

    internal SegmentPlan(Segment definition)
    {
        Definition = definition;
        _unit = new UnitReference(definition.UnitAttribute);
        _included = definition.Included.Count == 0 ? UnitSet.Empty : new UnitSet(definition.Included);
        _excluded = definition.Excluded.Count == 0 ? UnitSet.Empty : new UnitSet(definition.Excluded);
        var compiler = new ConditionCompiler(Dependencies);
        _condition = compiler.CompileOrNull(definition.Condition, out var unsupported);
        Unsupported = unsupported;
        if (_included.Count + _excluded.Count > 0)
            Dependencies.Read(_unit);
    }

    internal Segment Definition { get; }

    internal Dependencies Dependencies { get; } = new();

    /// <summary>Why the condition can't be evaluated by this version; members by list stay members.</summary>
    internal string? Unsupported { get; }

    internal bool Contains(in MatchScope scope)
    {
        Span<char> scratch = stackalloc char[UnitReference.ScratchLength];
        if (_included.Count + _excluded.Count > 0 && _unit.TryFind(scope.Context, scratch, out var unit))
        {
            if (_excluded.Contains(unit))
                return false;
            if (_included.Contains(unit))
                return true;
        }

        return _condition is not null && _condition.Matches(scope);
    }

    /// <summary>Whether a text is in the list of included units (GrowthBook's saved groups).</summary>
    internal bool Lists(ReadOnlySpan<char> unit) => _included.Contains(unit);

    internal ConditionTrace[] Explain(in MatchScope scope)
    {
        var traces = new List<ConditionTrace>();
        Span<char> scratch = stackalloc char[UnitReference.ScratchLength];
        if (_included.Count + _excluded.Count > 0)
        {
            var found = _unit.TryFind(scope.Context, scratch, out var unit);
            traces.Add(new ConditionTrace("list", found && !_excluded.Contains(unit) && _included.Contains(unit))
            {
                Attribute = _unit.Name,
                Actual = found ? unit.ToString() : null,
                Detail = !found ? "unit attribute missing" : _excluded.Contains(unit) ? "excluded" : null,
            });
        }

        if (_condition is not null)
            traces.Add(_condition.Explain(scope));
        return [.. traces];
    }
}
