namespace Delivery.Evaluation;

/// <summary>Which flags' decisions can ask about another flag, directly or by way of segments and other flags.</summary>
internal static class Askers
{
    internal static bool CanAsk(FlagPlan flag, string other, Snapshot snapshot)
    {
        if (!flag.AsksOthers)
            return false;
        var seenFlags = new HashSet<string>(StringComparer.Ordinal) { flag.Definition.Key };
        var seenSegments = new HashSet<string>(StringComparer.Ordinal);
        var pending = new Stack<Dependencies>([flag.Dependencies]);
        while (pending.TryPop(out var dependencies))
        {
            if (dependencies.Flags.Contains(other))
                return true;
            foreach (var key in dependencies.Segments)
            {
                if (seenSegments.Add(key) && snapshot.TryFindSegment(key, out var segment))
                    pending.Push(segment.Dependencies);
            }

            foreach (var key in dependencies.Flags)
            {
                if (seenFlags.Add(key) && snapshot.TryFindFlag(key, out var asked))
                    pending.Push(asked.Dependencies);
            }
        }

        return false;
    }
}
