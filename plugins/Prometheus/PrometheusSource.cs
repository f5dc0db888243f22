using System.Collections.Immutable;
using Delivery.Plugins.Measuring;

namespace Delivery.Plugins.Prometheus;

/// <summary>The port: raw counters per arm, at an explicit time.</summary>
internal sealed class PrometheusSource : IMetricSource, IDisposable
{
    private readonly PrometheusOptions _options;
    private readonly PrometheusClient _client;
    private readonly WindowReader _reader;
    private readonly SourceChecks _checks;

    public PrometheusSource(PrometheusOptions options, PrometheusClient client, TimeProvider time)
    {
        (_options, _client) = (options, client);
        _reader = new WindowReader(client, TimeSpan.FromSeconds(options.LookbackSeconds), time);
        _checks = new SourceChecks(client, options, time);
        Descriptor = new MetricSourceDescriptor(
            $"Prometheus at {options.Url}",
            [.. options.Metrics.Select(m => new MetricDescription(m.Key, m.Value.Shape, m.Value.Shape == MetricShape.Counts ? "" : m.Value.Unit))]);
    }

    public MetricSourceDescriptor Descriptor { get; }

    public ValueTask<PluginResult<SourceCheck>> CheckAsync(CancellationToken cancellationToken) => _checks.CheckAsync(cancellationToken);

    public PluginResult<NativeQuery> Explain(MetricQuery query)
    {
        if (_options.Metrics.GetValueOrDefault(query.Metric) is not { } metric)
            return Unknown(query.Metric);
        return new NativeQuery("PromQL", [.. query.Arms.SelectMany(a => Selectors(metric).Select(s => _reader.Text(s.For(a, query.Route), query.From, query.To)))]);
    }

    public async ValueTask<MetricAnswer> QueryAsync(MetricQuery query, CancellationToken cancellationToken)
    {
        if (_options.Metrics.GetValueOrDefault(query.Metric) is not { } metric)
            return new MetricAnswer.Error(Unknown(query.Metric));
        if (query.To <= query.From)
            return new MetricAnswer.Error(new PluginError(PluginErrorKind.InvalidIntent, "the window must end after it begins"));
        var selectors = Selectors(metric).ToList();
        var asked = query.Arms.SelectMany(a => selectors.Select(s => _reader.ReadAsync(s.For(a, query.Route), metric.BeginsAtZero, query.From, query.To, cancellationToken).AsTask()));
        var answers = await Task.WhenAll(asked).ConfigureAwait(false);
        if (answers.OfType<PluginResult<Gains>.Failed>().FirstOrDefault() is { } failed)
            return new MetricAnswer.Error(failed.Error);
        var gains = answers.Cast<PluginResult<Gains>.Ok>().Select(a => a.Value).Chunk(selectors.Count).ToList();
        return metric.Shape == MetricShape.Counts ? Counted(query, metric, gains) : Distributed(query, metric, [.. gains.Select(g => g[0])]);
    }

    public void Dispose() => _client.Dispose();

    private static IEnumerable<Selector> Selectors(PrometheusMetric metric) => metric switch
    {
        { Shape: MetricShape.Counts } => [Selector.Parse(metric.Trials!)!, Selector.Parse(metric.Events!)!],
        { Native: true } => [Selector.Parse(metric.Values!)!],
        _ => [Selector.Parse(metric.Values!)!.OneOf("_bucket", "_sum")],
    };

    private PluginError Unknown(string metric) =>
        new(PluginErrorKind.NotFound, $"there is no metric '{metric}'; there are {string.Join(", ", _options.Metrics.Keys)}");

    private static MetricAnswer Counted(MetricQuery query, PrometheusMetric metric, IReadOnlyList<Gains[]> gains)
    {
        var arms = new List<ArmReading>();
        foreach (var (arm, (trials, events)) in query.Arms.Zip(gains.Select(g => (g[0], g[1]))))
        {
            if (trials.Series.Count == 0)
                continue;
            var counts = new ArmStatistics.Counts(Histograms.Whole(trials.Series.Sum(s => s.Level.Count)), Histograms.Whole(events.Series.Sum(s => s.Level.Count)));
            if (counts.Events > counts.Trials)
                return new MetricAnswer.Error(new PluginError(PluginErrorKind.InvalidIntent, $"arm '{arm}': Events counted {counts.Events} and Trials {counts.Trials}; Events must be a part of Trials"));
            arms.Add(new ArmReading(arm, counts, trials.Series.Max(s => s.LastAt)));
        }

        return Answers.Of(query, arms, metric.Trials!, [.. gains.SelectMany(g => g).SelectMany(g => g.Warnings).Distinct()]);
    }

    private static MetricAnswer Distributed(MetricQuery query, PrometheusMetric metric, IReadOnlyList<Gains> gains)
    {
        var seen = query.Arms.Zip(gains).Where(a => a.Second.Series.Count > 0)
            .Select(a => (Arm: a.First, LastAt: a.Second.Series.Max(s => s.LastAt), Histogram: Histograms.Of(a.Second.Series, metric.Native))).ToList();
        if (seen.Any(s => s.Histogram.Spans is null) || Histograms.Aligned([.. seen.Select(s => s.Histogram.Spans!.Value)]) is not { } aligned)
            return new MetricAnswer.Error(new PluginError(PluginErrorKind.InvalidIntent, $"the histograms of {metric.Values} have edges that cross each other; they can't be added"));
        var arms = seen.Zip(aligned).Select(s => new ArmReading(s.First.Arm, Histograms.Micros(s.Second, s.First.Histogram.Sum, metric.Scale), s.First.LastAt));
        return Answers.Of(query, [.. arms], metric.Values!, [.. gains.SelectMany(g => g.Warnings).Distinct()]);
    }
}

/// <summary>Which answer it is.</summary>
internal static class Answers
{
    public static MetricAnswer Of(MetricQuery query, IReadOnlyList<ArmReading> arms, string selector, IReadOnlyList<string> warnings)
    {
        var missing = query.Arms.Except(arms.Select(a => a.Arm)).ToList();
        if (arms.Count == 0)
            return new MetricAnswer.NoData($"{selector} has no sample in the window for {string.Join(" and ", query.Arms)}{Warned(warnings)}");
        var oldest = arms.Min(a => a.LastSampleAt);
        var reading = new MetricReading([.. arms], oldest < query.To ? oldest : query.To);
        if (missing.Count > 0)
            return new MetricAnswer.Partial(reading, $"{selector} has no sample in the window for {string.Join(" and ", missing)}{Warned(warnings)}");
        if (warnings.Count > 0)
            return new MetricAnswer.Partial(reading, $"Prometheus said that its answer is not whole{Warned(warnings)}");
        var age = query.To - oldest;
        return age > query.StaleAfter ? new MetricAnswer.Stale(reading, age) : new MetricAnswer.Ok(reading);
    }

    private static string Warned(IReadOnlyList<string> warnings) => warnings.Count == 0 ? "" : $" ({string.Join("; ", warnings)})";
}
