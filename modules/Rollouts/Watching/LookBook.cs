using System.Collections.Concurrent;
using Delivery.Contracts.Rollouts;

namespace Delivery.Rollouts;

/// <summary>The looks of the last hour, in memory: for people's eyes. No decision needs them.</summary>
internal sealed class LookBook
{
    private const int MostLooks = 3_600;
    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);
    private readonly ConcurrentDictionary<string, Page> _pages = new();

    public Assessment? Last(string rollout) => _pages.TryGetValue(rollout, out var page) ? page.Last : null;

    public IReadOnlyList<Look> Looks(string rollout)
    {
        if (!_pages.TryGetValue(rollout, out var page))
            return [];
        lock (page)
            return [.. page.Looks];
    }

    public void Note(string rollout, Assessment assessment)
    {
        var page = _pages.GetOrAdd(rollout, _ => new Page());
        var look = new Look(
            assessment.At, assessment.Breaker.LogEValue, assessment.Breaker.LogThreshold,
            assessment.Breaker.Stages.Sum(s => s.ReleasedFailingUnits), assessment.Breaker.Stages.Sum(s => s.ControlFailingUnits));
        lock (page)
        {
            page.Last = assessment;
            page.Looks.Enqueue(look);
            while (page.Looks.Count > MostLooks || page.Looks.Peek().At < assessment.At - Kept)
                page.Looks.Dequeue();
        }
    }

    /// <summary>Lets go of rollouts that nobody looked at for an hour.</summary>
    public void Forget(DateTimeOffset now)
    {
        foreach (var (rollout, page) in _pages)
        {
            if (page.Last is { } last && last.At < now - Kept)
                _pages.TryRemove(rollout, out _);
        }
    }

    private sealed class Page
    {
        public Assessment? Last { get; set; }

        public Queue<Look> Looks { get; } = new();
    }
}
