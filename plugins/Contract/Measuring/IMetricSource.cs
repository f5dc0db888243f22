using System.Collections.Immutable;

namespace Delivery.Plugins.Measuring;

/// <summary>
/// Reads numbers about the arms of a route from where they already are. It gives sufficient statistics per arm, never ratios
/// or averages: those can't be tested. No data is not zero.
/// </summary>
/// <remarks>Every method may be called concurrently. It never writes to the backend. Failures are values.</remarks>
public interface IMetricSource
{
    /// <summary>What the instance is and which metrics are configured. Does no I/O.</summary>
    MetricSourceDescriptor Descriptor { get; }

    /// <summary>Whether the backend is reached, lets us in and knows the configured metrics.</summary>
    ValueTask<PluginResult<SourceCheck>> CheckAsync(CancellationToken cancellationToken);

    /// <summary>The native query that <see cref="QueryAsync"/> would send, for people; no data, no I/O, no secrets.</summary>
    PluginResult<NativeQuery> Explain(MetricQuery query);

    /// <summary>The statistics of each arm in the window.</summary>
    ValueTask<MetricAnswer> QueryAsync(MetricQuery query, CancellationToken cancellationToken);
}

/// <summary>What a metric source instance is.</summary>
/// <param name="Backend">The backend's name and where it is, for people; no secrets.</param>
/// <param name="Metrics">The configured metrics.</param>
public sealed record MetricSourceDescriptor(string Backend, ImmutableArray<MetricDescription> Metrics);

/// <summary>A configured metric.</summary>
/// <param name="Name">Unique in the instance.</param>
/// <param name="Shape">Which statistics it gives.</param>
/// <param name="Unit">The unit of its values, such as <c>s</c> or <c>EUR</c>; empty for counts.</param>
public sealed record MetricDescription(string Name, MetricShape Shape, string Unit = "");

/// <summary>Which statistics a metric gives.</summary>
public enum MetricShape
{
    /// <summary>Trials and the events among them: requests and errors.</summary>
    Counts = 0,

    /// <summary>Count, sum and sum of squares: a mean.</summary>
    Moments = 1,

    /// <summary>Values in buckets: a quantile.</summary>
    Histogram = 2,
}

/// <summary>One question.</summary>
/// <param name="Metric">A configured metric's name; another is <see cref="PluginErrorKind.NotFound"/> with the names there are.</param>
/// <param name="Route">The route it is about; templates may name it.</param>
/// <param name="Arms">The arms, each once; an arm without rows is an arm without data.</param>
/// <param name="From">Start of the window, inclusive.</param>
/// <param name="To">Its end, exclusive; after <paramref name="From"/>. Explicit, so that the same question gives the same answer.</param>
public sealed record MetricQuery(string Metric, string Route, ImmutableArray<string> Arms, DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>An arm whose last sample is older than this at <see cref="To"/> makes the answer stale. Default 60 s.</summary>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>What the backend is asked, in its own words.</summary>
/// <param name="Language"><c>PromQL</c>, <c>SQL</c>, ...</param>
/// <param name="Texts">One or more queries, complete.</param>
public sealed record NativeQuery(string Language, ImmutableArray<string> Texts);

/// <summary>How a check went.</summary>
/// <param name="Backend">What answered, with its version: <c>Prometheus 2.42.0</c>.</param>
/// <param name="Findings">What somebody should look at, such as a configured metric that has no series; empty when all is well.</param>
public sealed record SourceCheck(string Backend, ImmutableArray<Fault> Findings);
