using System.Runtime.CompilerServices;

namespace Delivery.Evaluation;

/// <summary>A compiled segment.</summary>
internal sealed class SegmentPlan
{
    private readonly UnitReference _unit;
    private readonly UnitList _included;
    private readonly UnitList _excluded;
    private readonly Matcher? _condition;

    internal SegmentPlan(Segment definition)
    {
        _unit = new UnitReference(definition.UnitAttribute);
        _included = UnitList.Of(definition.Included);
        _excluded = UnitList.Of(definition.Excluded);
        // The compact lists take the place of those that were read, which may go.
        Definition = definition with { Included = _included, Excluded = _excluded };
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

    [SkipLocalsInit]
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
