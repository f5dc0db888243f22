using System.Collections.Immutable;
using Delivery.Plugins;
using Delivery.Plugins.Measuring;

namespace Acme.AccessLog;

/// <summary>Requests and their durations by deployment, from the end of an access log.</summary>
internal sealed class AccessLogSource(AccessLogOptions options) : IMetricSource
{
    private const string Requests = "requests";
    private const string Duration = "duration";

    private readonly LogTail _tail = new(options.File, options.MostMebibytes * 1024L * 1024);

    public MetricSourceDescriptor Descriptor { get; } = new(
        $"access log {options.File}",
        [new MetricDescription(Requests, MetricShape.Counts), new MetricDescription(Duration, MetricShape.Moments, "s")]);

    public async ValueTask<PluginResult<SourceCheck>> CheckAsync(CancellationToken cancellationToken) =>
        await _tail.ReadAsync(cancellationToken) is PluginResult<Tail>.Failed failed ? failed.Error : new SourceCheck("access log", []);

    public PluginResult<NativeQuery> Explain(MetricQuery query) => Knows(query.Metric)
        ? new NativeQuery("jq", [.. query.Arms.Select(a => $"select(.deployment == \"{a}\" and .time >= \"{query.From.UtcDateTime:O}\" and .time < \"{query.To.UtcDateTime:O}\")")])
        : Unknown(query.Metric);

    public async ValueTask<MetricAnswer> QueryAsync(MetricQuery query, CancellationToken cancellationToken)
    {
        if (!Knows(query.Metric))
            return new MetricAnswer.Error(Unknown(query.Metric));
        return await _tail.ReadAsync(cancellationToken) switch
        {
            PluginResult<Tail>.Ok { Value: var tail } => Answer(query, tail),
            PluginResult<Tail>.Failed failed => new MetricAnswer.Error(failed.Error),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private MetricAnswer Answer(MetricQuery query, Tail tail)
    {
        var arms = query.Arms
            .Select(a => (Arm: a, Lines: tail.Lines.Where(l => l.Deployment == a && l.Time >= query.From && l.Time < query.To).ToList()))
            .Where(a => a.Lines.Count > 0)
            .Select(a => new ArmReading(a.Arm, Statistics(query.Metric, a.Lines), a.Lines.Max(l => l.Time)))
            .ToImmutableArray();
        if (arms.IsEmpty)
            return new MetricAnswer.NoData($"no line of {string.Join(" or ", query.Arms)} in the window");
        var oldest = arms.Min(a => a.LastSampleAt);
        var reading = new MetricReading(arms, oldest);
        if (query.Arms.Except(arms.Select(a => a.Arm)).ToList() is { Count: > 0 } missing)
            return new MetricAnswer.Partial(reading, $"no line of {string.Join(" or ", missing)} in the window");
        if (tail.BeginsAt > query.From)
            return new MetricAnswer.Partial(reading, $"only the log since {tail.BeginsAt:O} was read: MostMebibytes is {options.MostMebibytes}");
        return query.To - oldest > query.StaleAfter ? new MetricAnswer.Stale(reading, query.To - oldest) : new MetricAnswer.Ok(reading);
    }

    private ArmStatistics Statistics(string metric, List<Line> lines)
    {
        if (metric == Requests)
            return new ArmStatistics.Counts(lines.Count, lines.Count(l => l.Status >= options.FailsFrom));
        var micros = lines.Select(l => (Int128)Math.Round(l.Seconds * 1_000_000)).ToList();
        return new ArmStatistics.Moments(micros.Count, micros.Aggregate(Int128.Zero, (sum, m) => sum + m), micros.Aggregate(Int128.Zero, (sum, m) => sum + m * m));
    }

    private static bool Knows(string metric) => metric is Requests or Duration;

    private static PluginError Unknown(string metric) => new(PluginErrorKind.NotFound, $"there is no metric '{metric}'; there are {Requests} and {Duration}");
}
