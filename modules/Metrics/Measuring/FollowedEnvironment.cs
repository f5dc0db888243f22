using Delivery.Contracts.Http;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Catalogue;
using Delivery.Metrics.Folding;
using Delivery.Metrics.Health;

namespace Delivery.Metrics.Measuring;

/// <summary>What is asked of one environment, and the fold that answers it. Remaking the fold is one caller's at a time.</summary>
internal sealed class FollowedEnvironment(MomentOptions options, FoldLimits limits)
{
    private static readonly TimeSpan RefuseFor = TimeSpan.FromMinutes(5);
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Flag, long FromVersion), Dictionary<string, (MetricToMeasure Metric, DateTimeOffset AskedAt)>> _asked = [];

    private readonly Dictionary<(string Flag, long FromVersion), (Unavailable Answer, DateTimeOffset Until)> _refused = [];

    public SemaphoreSlim Turn { get; } = new(1);

    public LiveMoments? Live { get; set; }

    /// <summary>Within which the fold is made: as configured, or shorter where memory would not do.</summary>
    public FoldLimits Limits { get; set; } = limits;

    /// <summary>How far the last snapshot was, in rows of this process.</summary>
    public long SnapshotAt { get; set; }

    /// <summary>Notes a question; what it asks for is followed when the fold is made anew.</summary>
    public void Ask(GetMoments question, DateTimeOffset now)
    {
        lock (_gate)
        {
            if (!_asked.TryGetValue((question.Flag, question.FromVersion), out var metrics))
                _asked.Add((question.Flag, question.FromVersion), metrics = new(StringComparer.Ordinal));
            foreach (var metric in question.Metrics)
                metrics[FoldedMetric.TextOf(metric.Definition)] = (metric, now);
        }
    }

    /// <summary>Forgets a question that no memory does for, and remembers that for a while.</summary>
    public void Refuse(GetMoments question, Unavailable answer, DateTimeOffset now)
    {
        lock (_gate)
        {
            if (_asked.TryGetValue((question.Flag, question.FromVersion), out var metrics))
            {
                foreach (var metric in question.Metrics)
                    metrics.Remove(FoldedMetric.TextOf(metric.Definition));
            }

            _refused[(question.Flag, question.FromVersion)] = (answer, now + RefuseFor);
        }
    }

    /// <summary>Why the flag's questions are not answered for now; null when they may be.</summary>
    public Unavailable? Refusal(GetMoments question, DateTimeOffset now)
    {
        lock (_gate)
            return _refused.TryGetValue((question.Flag, question.FromVersion), out var refused) && now < refused.Until ? refused.Answer : null;
    }

    /// <summary>A restored fold goes on as if its flags were asked for now.</summary>
    public void Restored(IReadOnlyList<FollowedFlag> followed, DateTimeOffset now)
    {
        foreach (var flag in followed)
            Ask(new GetMoments("", flag.Flag, flag.FromVersion, flag.Metrics), now);
    }

    /// <summary>What is to be followed: the newest questions, each with the system's metrics.</summary>
    public IReadOnlyList<FollowedFlag> Wanted(DateTimeOffset now)
    {
        lock (_gate)
        {
            foreach (var (_, metrics) in _asked)
            {
                foreach (var text in metrics.Where(m => now - m.Value.AskedAt > options.FollowFor).Select(m => m.Key).ToList())
                    metrics.Remove(text);
            }

            foreach (var flag in _asked.OrderByDescending(f => f.Value.Values.Select(v => v.AskedAt).DefaultIfEmpty().Max())
                .Select((f, rank) => (f.Key, Gone: rank >= options.MostFollowed || f.Value.Count == 0)).Where(f => f.Gone).ToList())
                _asked.Remove(flag.Key);
            return
            [
                .. _asked.OrderBy(f => f.Key).Select(f => new FollowedFlag(
                    f.Key.Flag, f.Key.FromVersion, [.. f.Value.Values.Select(v => v.Metric).Concat(SystemMetrics.All.Select(m => new MetricToMeasure(m.Key, m.Definition)))])),
            ];
        }
    }

    /// <summary>The questions that the fold answers, as they were last asked.</summary>
    public IReadOnlyList<GetMoments> Open()
    {
        if (Live is not { } live)
            return [];
        lock (_gate)
        {
            return
            [
                .. _asked.Select(f => new GetMoments(live.Environment, f.Key.Flag, f.Key.FromVersion, [.. f.Value.Values.Select(v => v.Metric)])).Where(live.Covers),
            ];
        }
    }
}
