using System.Text.Json;
using Delivery.Contracts.Exposures;
using Delivery.Evaluation;

namespace Delivery.Targeting.Previewing;

/// <summary>Evaluates recorded contexts under the present configuration and under a draft, and counts. Keeps the counts and some examples, no unit beside.</summary>
internal sealed class Replay
{
    public const string AttributesNotRecorded = "attributes-not-recorded";
    public const string UnitForgotten = "unit-forgotten";
    public const string RandomUnit = "random-unit";

    private readonly string _flag;
    private readonly Snapshot _present;
    private readonly Snapshot _draft;
    private readonly AttributesNeeded _neededNow;
    private readonly AttributesNeeded _neededByDraft;
    private readonly HashSet<string> _unitAttributes;
    private readonly FlagDefinition[] _drawing;
    private readonly int _examples;
    private readonly Dictionary<(string From, string To), Cell> _cells = [];
    private readonly SortedDictionary<string, long> _reasons = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, long> _unknown = new(StringComparer.Ordinal);
    private long _underivable;

    public Replay(string flag, Snapshot present, Snapshot draft, int examples)
    {
        _flag = flag;
        _present = present;
        _draft = draft;
        _examples = examples;
        _neededNow = new AttributesNeeded(present, flag);
        _neededByDraft = new AttributesNeeded(draft, flag);
        FlagDefinition[] both = [present.Definition(flag)!, draft.Definition(flag)!];
        _unitAttributes = both.SelectMany(ReplayedContext.Splits).Select(split => split.UnitAttribute)
            .Concat(both.SelectMany(definition => definition.Targets).Select(target => target.UnitAttribute)).ToHashSet(StringComparer.Ordinal);
        _drawing = [.. both.Where(definition => ReplayedContext.Splits(definition).Any(split => split.RandomUnit || split.Filters.Any(filter => filter.RandomUnit)))];
    }

    public long LookedAt { get; private set; }

    /// <param name="recorded">A unit's context.</param>
    /// <param name="readThen">What the flag read when it was recorded; asked only where it matters.</param>
    public async ValueTask TakeAsync(RecordedContext recorded, Func<ValueTask<IReadOnlyList<string>>> readThen)
    {
        LookedAt++;
        if (recorded.IsForgotten)
        {
            Untold(UnitForgotten);
            return;
        }

        var replayed = new ReplayedContext(recorded, _unitAttributes);
        var now = _present.Evaluate(_flag, replayed.Context);
        var then = _draft.Evaluate(_flag, replayed.Context);
        var unknown = Unknown(replayed, now, then, []);
        if (unknown.Count > 0 && recorded.Attributes is not null)
            unknown = Unknown(replayed, now, then, await readThen());
        if (unknown.Count > 0)
        {
            Untold(AttributesNotRecorded);
            foreach (var name in unknown)
                _unknown[name] = _unknown.GetValueOrDefault(name) + 1;
        }
        else if (_drawing.Any(replayed.DrawsAtRandom))
            Untold(RandomUnit);
        else
            Count(recorded, now, then);
    }

    public PreviewedUnits Units()
    {
        var changing = _cells.Where(cell => IsChange(cell.Key)).Sum(cell => cell.Value.Units);
        return new PreviewedUnits(LookedAt, changing, Share(changing), LookedAt - _underivable - changing, _underivable);
    }

    public IReadOnlyList<Transition> Transitions() =>
    [
        .. _cells.OrderByDescending(cell => IsChange(cell.Key)).ThenByDescending(cell => cell.Value.Units)
            .ThenBy(cell => cell.Key.From, StringComparer.Ordinal).ThenBy(cell => cell.Key.To, StringComparer.Ordinal)
            .Select(cell => new Transition(Named(cell.Key.From), Named(cell.Key.To), cell.Value.Units, Share(cell.Value.Units), cell.Value.Examples)),
    ];

    public UnderivableUnits Underivable() => new(_underivable, _reasons, _unknown);

    private HashSet<string> Unknown(ReplayedContext replayed, in EvaluationResult now, in EvaluationResult then, IReadOnlyList<string> readThen)
    {
        var unknown = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in _neededNow.By(now))
            AddUnlessKnown(name);
        foreach (var name in _neededByDraft.By(then))
            AddUnlessKnown(name);
        return unknown;

        void AddUnlessKnown(string name)
        {
            if (!replayed.Knows(name, readThen))
                unknown.Add(name);
        }
    }

    private void Untold(string reason)
    {
        _underivable++;
        _reasons[reason] = _reasons.GetValueOrDefault(reason) + 1;
    }

    private void Count(RecordedContext recorded, in EvaluationResult now, in EvaluationResult then)
    {
        var key = (now.VariantKey ?? "", then.VariantKey ?? "");
        if (!_cells.TryGetValue(key, out var cell))
            _cells[key] = cell = new Cell();
        cell.Units++;
        if (IsChange(key) && cell.Examples.Count < _examples)
            cell.Examples.Add(new PreviewedUnit(recorded.Unit, recorded.UnitKind, recorded.Attributes, recorded.Time, Decision(now), Decision(then)));
    }

    private double Share(long units) => LookedAt == _underivable ? 0 : units / (double)(LookedAt - _underivable);

    private static bool IsChange((string From, string To) cell) => cell.From != cell.To;

    /// <summary>A variant has a key of at least one character, so nothing stands for none.</summary>
    private static string? Named(string variant) => variant.Length == 0 ? null : variant;

    private static PreviewedDecision Decision(in EvaluationResult result) =>
        new(result.VariantKey, JsonNamingPolicy.SnakeCaseUpper.ConvertName(result.Reason.ToString()), result.Why.RuleId, result.ErrorDetails);

    private sealed class Cell
    {
        public long Units { get; set; }

        public List<PreviewedUnit> Examples { get; } = [];
    }
}
