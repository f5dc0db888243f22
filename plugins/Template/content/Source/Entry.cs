using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Delivery.Plugins;
using Delivery.Plugins.Measuring;

namespace MyPlugin;

/// <summary>The configuration's schema: names, ranges and what must be there are checked by the host, field by field.</summary>
public sealed class Options
{
    [Required, Description("A file with a line 'TIME;ARM;ok|failed' for each request. The backend of this example: take your backend's address instead.")]
    public string File { get; set; } = "";
}

/// <summary>The type that plugin.json names.</summary>
public sealed class Entry : Plugin<IMetricSource, Options>
{
    /// <summary>Doesn't call the backend: one that is down is found by the first call.</summary>
    protected override ValueTask<IMetricSource> CreateAsync(Options options, PluginContext context, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IMetricSource>(new Source(options));
}

/// <summary>The port: statistics per arm, never ratios. No data is not zero.</summary>
internal sealed class Source(Options options) : IMetricSource
{
    private const string Metric = "requests";

    public MetricSourceDescriptor Descriptor { get; } = new($"MyPlugin at {options.File}", [new MetricDescription(Metric, MetricShape.Counts)]);

    public async ValueTask<PluginResult<SourceCheck>> CheckAsync(CancellationToken cancellationToken) =>
        await LinesAsync(cancellationToken) is PluginResult<string[]>.Failed failed ? failed.Error : new SourceCheck("MyPlugin", []);

    public PluginResult<NativeQuery> Explain(MetricQuery query) => query.Metric == Metric
        ? new NativeQuery("lines", [$"lines of {string.Join(" and ", query.Arms)} from {query.From:O} to {query.To:O}"])
        : Unknown(query.Metric);

    public async ValueTask<MetricAnswer> QueryAsync(MetricQuery query, CancellationToken cancellationToken)
    {
        if (query.Metric != Metric)
            return new MetricAnswer.Error(Unknown(query.Metric));
        switch (await LinesAsync(cancellationToken))
        {
            case PluginResult<string[]>.Ok { Value: var lines }:
                return Counted(query, lines);
            case PluginResult<string[]>.Failed failed:
                return new MetricAnswer.Error(failed.Error);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private static MetricAnswer Counted(MetricQuery query, string[] lines)
    {
        var requests = new List<(DateTimeOffset At, string Arm, bool Failed)>();
        foreach (var line in lines)
        {
            if (line.Split(';') is not [var time, var arm, "ok" or "failed"] || !DateTimeOffset.TryParse(time, System.Globalization.CultureInfo.InvariantCulture, out var at))
                return new MetricAnswer.Error(new PluginError(PluginErrorKind.Internal, $"a line makes no sense: {line}"));
            if (at >= query.From && at < query.To && query.Arms.Contains(arm))
                requests.Add((at, arm, line.EndsWith(";failed", StringComparison.Ordinal)));
        }

        ImmutableArray<ArmReading> arms =
        [
            .. query.Arms.Select(a => (Arm: a, Own: requests.Where(r => r.Arm == a).ToList())).Where(a => a.Own.Count > 0)
                .Select(a => new ArmReading(a.Arm, new ArmStatistics.Counts(a.Own.Count, a.Own.Count(r => r.Failed)), a.Own.Max(r => r.At))),
        ];
        if (arms.IsEmpty)
            return new MetricAnswer.NoData($"there is no line of {string.Join(" or ", query.Arms)} in the window");
        var oldest = arms.Min(a => a.LastSampleAt);
        var reading = new MetricReading(arms, oldest);
        if (query.Arms.Except(arms.Select(a => a.Arm)).ToList() is { Count: > 0 } missing)
            return new MetricAnswer.Partial(reading, $"there is no line of {string.Join(" or ", missing)} in the window");
        return query.To - oldest > query.StaleAfter ? new MetricAnswer.Stale(reading, query.To - oldest) : new MetricAnswer.Ok(reading);
    }

    /// <summary>The backend's call: this is the method to rewrite. Every failure is a value.</summary>
    private async Task<PluginResult<string[]>> LinesAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllLinesAsync(options.File, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new PluginError(e is IOException ? PluginErrorKind.Unavailable : PluginErrorKind.Unauthorized, e.Message);
        }
    }

    private static PluginError Unknown(string metric) => new(PluginErrorKind.NotFound, $"there is no metric '{metric}'; there is {Metric}");
}
