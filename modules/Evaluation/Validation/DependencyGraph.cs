namespace Delivery.Evaluation;

/// <summary>Who names whom: flags and segments as nodes, references with the path that makes them.</summary>
internal sealed class DependencyGraph
{
    private readonly Dictionary<string, FlagDefinition> _flags = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Segment> _segments = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Reference>> _references = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _depths = new(StringComparer.Ordinal);

    internal static string Flag(string key) => $"flag {key}";

    internal static string Segment(string key) => $"segment {key}";

    internal static DependencyGraph Of(Ruleset ruleset)
    {
        var graph = new DependencyGraph();
        foreach (var flag in ruleset.Flags)
            graph._flags[Flag(flag.Key)] = flag;
        foreach (var segment in ruleset.Segments)
            graph._segments[Segment(segment.Key)] = segment;
        return graph;
    }

    internal bool Has(string node) => _flags.ContainsKey(node) || _segments.ContainsKey(node);

    internal bool HasVariant(string flag, string variant) =>
        _flags.TryGetValue(flag, out var definition) && definition.Variants.Any(candidate => candidate.Key == variant);

    /// <summary>The references of a node; found when first asked for.</summary>
    internal List<Reference> From(string node)
    {
        if (_references.TryGetValue(node, out var known))
            return known;
        var references = new List<Reference>();
        if (_flags.TryGetValue(node, out var flag))
        {
            for (var i = 0; i < flag.Prerequisites.Count; i++)
                AddFlag(references, $"prerequisites[{i}]", flag.Prerequisites[i].Flag, flag.Prerequisites[i].Variants);
            for (var i = 0; i < flag.Rules.Count; i++)
                Add(references, $"rules[{i}].condition", flag.Rules[i].Condition);
        }

        if (_segments.TryGetValue(node, out var segment))
            Add(references, "condition", segment.Condition);
        return _references[node] = references;
    }

    /// <summary>The way from a node through one of its references back to itself; null if there is none.</summary>
    internal List<string>? FindCycle(string node, Reference reference)
    {
        var cameFrom = new Dictionary<string, string>(StringComparer.Ordinal) { [reference.To] = node };
        var pending = new Stack<string>([reference.To]);
        while (pending.TryPop(out var current))
        {
            if (current == node)
                return Way(node, cameFrom);
            foreach (var next in From(current))
            {
                if (cameFrom.TryAdd(next.To, current))
                    pending.Push(next.To);
            }
        }

        return null;
    }

    /// <summary>The longest chain of references from a node, counted up to one beyond the limit.</summary>
    internal int Depth(string node, int level = 0)
    {
        if (level > Limits.DependencyDepth)
            return 1;
        if (_depths.TryGetValue(node, out var depth))
            return depth;
        _depths[node] = 0;
        foreach (var reference in From(node))
            depth = Math.Max(depth, 1 + Depth(reference.To, level + 1));
        return _depths[node] = depth;
    }

    private static List<string> Way(string node, Dictionary<string, string> cameFrom)
    {
        var way = new List<string> { node };
        for (var at = cameFrom[node]; at != node; at = cameFrom[at])
            way.Add(at);
        way.Add(node);
        way.Reverse();
        return way;
    }

    private static void Add(List<Reference> references, string path, Condition? condition)
    {
        switch (condition)
        {
            case Condition.All all:
                AddEach(references, $"{path}.all", all.Conditions);
                break;
            case Condition.Any any:
                AddEach(references, $"{path}.any", any.Conditions);
                break;
            case Condition.Not not:
                Add(references, $"{path}.not", not.Inner);
                break;
            case Condition.Attribute { Element: { } element }:
                Add(references, $"{path}.element", element);
                break;
            case Condition.InSegment segment:
                references.Add(new Reference($"{path}.segment", Segment(segment.Key), null));
                break;
            case Condition.FlagServes flag:
                AddFlag(references, path, flag.Key, flag.Variants);
                break;
            case Condition.GrowthBook { FlagValue: { } flagValue }:
                references.Add(new Reference($"{path}.flagValue", Flag(flagValue), null));
                break;
            case Condition.GrowthBook growthBook:
                AddGroups(references, path, growthBook);
                break;
        }
    }

    private static void AddEach(List<Reference> references, string path, IReadOnlyList<Condition> conditions)
    {
        for (var i = 0; i < conditions.Count; i++)
            Add(references, $"{path}[{i}]", conditions[i]);
    }

    private static void AddFlag(List<Reference> references, string path, string flag, IReadOnlyList<string> variants)
    {
        references.Add(new Reference($"{path}.flag", Flag(flag), null));
        for (var i = 0; i < variants.Count; i++)
            references.Add(new Reference($"{path}.variants[{i}]", Flag(flag), variants[i]));
    }

    private static void AddGroups(List<Reference> references, string path, Condition.GrowthBook growthBook)
    {
        var dependencies = new Dependencies();
        try
        {
            GrowthBookMatcher.Compile(growthBook, dependencies);
        }
        catch (FormatException)
        {
            // The flag's own check names the fault; a condition that can't be read refers to nothing.
            return;
        }

        references.AddRange(dependencies.Segments.Select(key => new Reference($"{path}.growthBook", Segment(key), null)));
    }

    /// <param name="Path">The member that makes the reference.</param>
    /// <param name="To">The node named.</param>
    /// <param name="Variant">The variant of it that is named, if one is.</param>
    internal sealed record Reference(string Path, string To, string? Variant);
}
