namespace Delivery.Evaluation;

/// <summary>The attributes that a flag's decision can read, its dependencies included.</summary>
public static class AttributesRead
{
    /// <summary>Stands for every attribute: an expression computes the names it reads.</summary>
    public const string Any = "*";

    internal static IReadOnlyList<string> Of(FlagPlan flag, Snapshot snapshot)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        var seenFlags = new HashSet<string>(StringComparer.Ordinal) { flag.Definition.Key };
        var seenSegments = new HashSet<string>(StringComparer.Ordinal);
        var pending = new Stack<Dependencies>([flag.Dependencies]);
        while (pending.TryPop(out var dependencies))
        {
            names.UnionWith(dependencies.Attributes);
            foreach (var key in dependencies.Segments)
            {
                if (seenSegments.Add(key) && snapshot.TryFindSegment(key, out var segment))
                    pending.Push(segment.Dependencies);
            }

            foreach (var key in dependencies.Flags)
            {
                if (seenFlags.Add(key) && snapshot.TryFindFlag(key, out var other))
                    pending.Push(other.Dependencies);
            }
        }

        return [.. names];
    }
}
