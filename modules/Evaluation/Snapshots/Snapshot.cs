using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace Delivery.Evaluation;

/// <summary>
/// A ruleset compiled for evaluation. Immutable and safe for any number of threads: replace the reference to change the
/// configuration. Looking a flag up is one hash lookup; evaluating boolean and string flags allocates nothing.
/// </summary>
public sealed class Snapshot
{
    private readonly KeyIndex _index;
    private readonly FlagPlan[] _flags;
    private readonly FrozenDictionary<string, SegmentPlan> _segments;
    private readonly LayerPlan[] _layers;
    private readonly HoldoutPlan[] _holdouts;
    private readonly IReadOnlyList<string>?[] _attributesRead;

    private Snapshot(
        string environment,
        long sequence,
        KeyIndex index,
        FlagPlan[] flags,
        FrozenDictionary<string, SegmentPlan> segments,
        LayerPlan[] layers,
        HoldoutPlan[] holdouts)
    {
        Environment = environment;
        Sequence = sequence;
        _index = index;
        _flags = flags;
        _segments = segments;
        _layers = layers;
        _holdouts = holdouts;
        _attributesRead = new IReadOnlyList<string>?[flags.Length];
    }

    /// <summary>A snapshot without flags.</summary>
    public static Snapshot Empty { get; } = Compile(new Ruleset());

    /// <summary>Key of the environment.</summary>
    public string Environment { get; }

    /// <summary>Global configuration sequence this snapshot is as of.</summary>
    public long Sequence { get; }

    /// <summary>Keys of all flags, in the order of the ruleset; archived ones too.</summary>
    public IEnumerable<string> FlagKeys => _flags.Select(flag => flag.Definition.Key);

    /// <summary>Compiles a ruleset. A flag that can't be compiled evaluates to an error; the others work.</summary>
    /// <param name="ruleset">The ruleset; of equal keys the last one wins.</param>
    /// <returns>The snapshot.</returns>
    public static Snapshot Compile(Ruleset ruleset)
    {
        var layers = ruleset.Layers.Select(layer => new LayerPlan(layer)).ToArray();
        var holdouts = ruleset.Holdouts.Select(holdout => new HoldoutPlan(holdout)).ToArray();
        var members = new Memberships(layers, holdouts);
        var positions = new Dictionary<string, int>(ruleset.Flags.Count, StringComparer.Ordinal);
        var flags = new List<FlagPlan>(ruleset.Flags.Count);
        foreach (var flag in ruleset.Flags)
        {
            var plan = members.Compile(flag);
            if (positions.TryAdd(flag.Key, flags.Count))
                flags.Add(plan);
            else
                flags[positions[flag.Key]] = plan;
        }

        var segments = new Dictionary<string, SegmentPlan>(StringComparer.Ordinal);
        foreach (var segment in ruleset.Segments)
            segments[segment.Key] = new SegmentPlan(segment);
        return new Snapshot(
            ruleset.Environment,
            ruleset.Sequence,
            new KeyIndex(flags.Select(flag => flag.Definition.Key)),
            [.. flags],
            segments.ToFrozenDictionary(StringComparer.Ordinal),
            layers,
            holdouts);
    }

    /// <summary>This snapshot with one flag added or replaced; everything else is shared.</summary>
    /// <param name="flag">The flag.</param>
    /// <returns>The new snapshot, as of the later of both sequences.</returns>
    public Snapshot With(FlagDefinition flag)
    {
        var plan = new Memberships(_layers, _holdouts).Compile(flag);
        var sequence = Math.Max(Sequence, flag.Sequence);
        if (_index.Find(flag.Key) is >= 0 and var at)
        {
            var replaced = (FlagPlan[])_flags.Clone();
            replaced[at] = plan;
            return new Snapshot(Environment, sequence, _index, replaced, _segments, _layers, _holdouts);
        }

        return new Snapshot(
            Environment, sequence, new KeyIndex([.. FlagKeys, flag.Key]), [.. _flags, plan], _segments, _layers, _holdouts);
    }

    /// <summary>This snapshot without a flag.</summary>
    /// <param name="flagKey">The flag's key; an unknown one changes nothing.</param>
    /// <param name="sequence">Global configuration sequence of the change.</param>
    /// <returns>The new snapshot.</returns>
    public Snapshot Without(string flagKey, long sequence)
    {
        if (_index.Find(flagKey) < 0)
            return As(sequence);
        var flags = _flags.Where(flag => flag.Definition.Key != flagKey).ToArray();
        var index = new KeyIndex(flags.Select(flag => flag.Definition.Key));
        return new Snapshot(Environment, Math.Max(Sequence, sequence), index, flags, _segments, _layers, _holdouts);
    }

    /// <summary>This snapshot with one segment added or replaced.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="sequence">Global configuration sequence of the change.</param>
    /// <returns>The new snapshot.</returns>
    public Snapshot With(Segment segment, long sequence)
    {
        var segments = new Dictionary<string, SegmentPlan>(_segments, StringComparer.Ordinal) { [segment.Key] = new SegmentPlan(segment) };
        return new Snapshot(
            Environment, Math.Max(Sequence, sequence), _index, _flags, segments.ToFrozenDictionary(StringComparer.Ordinal), _layers, _holdouts);
    }

    /// <summary>This snapshot without a segment.</summary>
    /// <param name="key">The segment's key; an unknown one changes nothing.</param>
    /// <param name="sequence">Global configuration sequence of the change.</param>
    /// <returns>The new snapshot.</returns>
    public Snapshot WithoutSegment(string key, long sequence) => !_segments.ContainsKey(key)
        ? As(sequence)
        : new Snapshot(
            Environment,
            Math.Max(Sequence, sequence),
            _index,
            _flags,
            _segments.Where(segment => segment.Key != key).ToFrozenDictionary(StringComparer.Ordinal),
            _layers,
            _holdouts);

    /// <summary>This snapshot without a layer; the flags that were in it are compiled anew.</summary>
    /// <param name="key">The layer's key; an unknown one changes nothing.</param>
    /// <param name="sequence">Global configuration sequence of the change.</param>
    /// <returns>The new snapshot.</returns>
    public Snapshot WithoutLayer(string key, long sequence) => Recompile(
        _layers.Where(layer => layer.Definition.Key == key).SelectMany(layer => layer.Definition.Slots).Select(slot => slot.Flag),
        [.. _layers.Where(layer => layer.Definition.Key != key)],
        _holdouts,
        sequence);

    /// <summary>This snapshot without a holdout; the flags that were in it are compiled anew.</summary>
    /// <param name="key">The holdout's key; an unknown one changes nothing.</param>
    /// <param name="sequence">Global configuration sequence of the change.</param>
    /// <returns>The new snapshot.</returns>
    public Snapshot WithoutHoldout(string key, long sequence) => Recompile(
        _holdouts.Where(holdout => holdout.Definition.Key == key).SelectMany(holdout => holdout.Definition.Flags),
        _layers,
        [.. _holdouts.Where(holdout => holdout.Definition.Key != key)],
        sequence);

    /// <summary>This snapshot with one layer added or replaced; the flags in it are compiled anew.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="sequence">Global configuration sequence of the change.</param>
    /// <returns>The new snapshot.</returns>
    public Snapshot With(Layer layer, long sequence)
    {
        var layers = _layers.Where(other => other.Definition.Key != layer.Key).Append(new LayerPlan(layer)).ToArray();
        var concerned = _layers.Where(other => other.Definition.Key == layer.Key)
            .SelectMany(other => other.Definition.Slots)
            .Concat(layer.Slots)
            .Select(slot => slot.Flag);
        return Recompile(concerned, layers, _holdouts, sequence);
    }

    /// <summary>This snapshot with one holdout added or replaced; the flags in it are compiled anew.</summary>
    /// <param name="holdout">The holdout.</param>
    /// <param name="sequence">Global configuration sequence of the change.</param>
    /// <returns>The new snapshot.</returns>
    public Snapshot With(Holdout holdout, long sequence)
    {
        var holdouts = _holdouts.Where(other => other.Definition.Key != holdout.Key).Append(new HoldoutPlan(holdout)).ToArray();
        var concerned = _holdouts.Where(other => other.Definition.Key == holdout.Key)
            .SelectMany(other => other.Definition.Flags)
            .Concat(holdout.Flags);
        return Recompile(concerned, _layers, holdouts, sequence);
    }

    /// <summary>This snapshot as of a later sequence, when nothing in it changed.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <returns>The snapshot.</returns>
    public Snapshot As(long sequence) => sequence <= Sequence
        ? this
        : new Snapshot(Environment, sequence, _index, _flags, _segments, _layers, _holdouts);

    /// <summary>The configuration this snapshot was compiled from, with its increments.</summary>
    /// <returns>The ruleset.</returns>
    public Ruleset ToRuleset() => new()
    {
        Environment = Environment,
        Sequence = Sequence,
        Flags = [.. _flags.Select(flag => flag.Definition)],
        Segments = [.. _segments.Values.Select(segment => segment.Definition).OrderBy(segment => segment.Key, StringComparer.Ordinal)],
        Layers = [.. _layers.Select(layer => layer.Definition)],
        Holdouts = [.. _holdouts.Select(holdout => holdout.Definition)],
    };

    /// <summary>Evaluates a flag for a context.</summary>
    /// <param name="flagKey">The flag's key.</param>
    /// <param name="context">The context.</param>
    /// <returns>The result; an unknown flag is an error result, never an exception.</returns>
    public EvaluationResult Evaluate(string flagKey, EvaluationContext context) =>
        _index.Find(flagKey) is >= 0 and var at
            ? Evaluate(_flags[at], context)
            : new EvaluationResult(null, EvaluationError.FlagNotFound, "there is no such flag", Sequence);

    /// <summary>Evaluates a flag and tells every step.</summary>
    /// <param name="flagKey">The flag's key.</param>
    /// <param name="context">The context.</param>
    /// <returns>The result and the steps.</returns>
    public Explanation Explain(string flagKey, EvaluationContext context)
    {
        if (_index.Find(flagKey) is var at && at < 0)
            return new Explanation(Evaluate(flagKey, context), []);
        var tracer = new Tracer();
        // Explaining asks some questions twice; the result is that of a plain evaluation.
        Evaluate(_flags[at], context, tracer);
        return new Explanation(Evaluate(_flags[at], context), tracer.Steps);
    }

    /// <summary>Looks a flag up once, to evaluate it often.</summary>
    /// <param name="flagKey">The flag's key.</param>
    /// <returns>The flag in this snapshot; <see cref="FlagHandle.Exists"/> is false for an unknown one.</returns>
    public FlagHandle Find(string flagKey) => new(this, TryFindFlag(flagKey, out var flag) ? flag : null);

    /// <summary>The configuration of a flag.</summary>
    /// <param name="flagKey">The flag's key.</param>
    /// <returns>The definition, or null for an unknown flag.</returns>
    public FlagDefinition? Definition(string flagKey) => TryFindFlag(flagKey, out var flag) ? flag.Definition : null;

    /// <summary>A segment with its lists, in their compact form.</summary>
    /// <param name="key">The segment's key.</param>
    /// <returns>The segment, or null for an unknown one.</returns>
    public Segment? Segment(string key) => _segments.GetValueOrDefault(key)?.Definition;

    /// <summary>
    /// The attributes an evaluation of the flag can read, with those of its segments and prerequisites: what an exposure
    /// must keep to be explainable later. Contains <see cref="AttributesRead.Any"/> if an expression computes names.
    /// </summary>
    /// <param name="flagKey">The flag's key.</param>
    /// <returns>The names in ordinal order; empty for an unknown flag.</returns>
    public IReadOnlyList<string> AttributesReadBy(string flagKey)
    {
        if (_index.Find(flagKey) is var at && at < 0)
            return [];
        return Volatile.Read(ref _attributesRead[at]) ?? (_attributesRead[at] = AttributesRead.Of(_flags[at], this));
    }

    /// <summary>The flags whose decision can ask about a flag, directly or by way of segments and other flags.</summary>
    /// <param name="flagKey">The flag's key.</param>
    /// <returns>Their definitions; the flag itself is not among them.</returns>
    public IEnumerable<FlagDefinition> AskersOf(string flagKey) => _flags
        .Where(flag => flag.Definition.Key != flagKey && Askers.CanAsk(flag, flagKey, this))
        .Select(flag => flag.Definition);

    internal bool TryFindFlag(string key, [NotNullWhen(true)] out FlagPlan? flag)
    {
        flag = _index.Find(key) is >= 0 and var at ? _flags[at] : null;
        return flag is not null;
    }

    internal bool TryFindSegment(string key, [NotNullWhen(true)] out SegmentPlan? segment) => _segments.TryGetValue(key, out segment);

    internal EvaluationResult Evaluate(FlagPlan flag, EvaluationContext context) => flag.Constant is { } constant
        ? new EvaluationResult(flag, constant, flag.ConstantReason, flag.ConstantKind, Sequence)
        : Evaluate(flag, context, tracer: null);

    private EvaluationResult Evaluate(FlagPlan flag, EvaluationContext context, Tracer? tracer)
    {
        var visitsLeft = Limits.DependencyVisits;
        if (!flag.AsksOthers)
            return FlagEvaluation.Evaluate(flag, new MatchScope(this, context, ref visitsLeft), tracer);
        var result = FlagEvaluation.Evaluate(flag, new MatchScope(this, context, ref visitsLeft), tracer);
        return visitsLeft >= 0 ? result : TooManyVisits(flag);
    }

    private EvaluationResult TooManyVisits(FlagPlan flag) => new(
        flag, EvaluationError.General, $"the flag asks about more than {Limits.DependencyVisits} segments and flags", Sequence);

    private Snapshot Recompile(IEnumerable<string> flagKeys, LayerPlan[] layers, HoldoutPlan[] holdouts, long sequence)
    {
        var members = new Memberships(layers, holdouts);
        var flags = (FlagPlan[])_flags.Clone();
        foreach (var key in flagKeys.Distinct(StringComparer.Ordinal))
        {
            if (_index.Find(key) is >= 0 and var at)
                flags[at] = members.Compile(flags[at]);
        }

        return new Snapshot(Environment, Math.Max(Sequence, sequence), _index, flags, _segments, layers, holdouts);
    }
}
