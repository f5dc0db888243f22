using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Delivery.Plugins.Measuring;

namespace Delivery.Plugins.Prometheus;

/// <summary>The plugin's options.</summary>
public sealed class PrometheusOptions
{
    /// <summary>Where Prometheus is, with its path prefix if it has one: <c>http://127.0.0.1:9090</c>.</summary>
    [Description("Where Prometheus is, with its path prefix if it has one: http://127.0.0.1:9090.")]
    [Required]
    public Uri? Url { get; set; }

    /// <summary>A bearer token. Default: none.</summary>
    [Description("A bearer token. Default: none.")]
    public Secret? Token { get; set; }

    /// <summary>The user of basic authentication. Default: none.</summary>
    [Description("The user of basic authentication. Default: none.")]
    public string? User { get; set; }

    /// <summary>The user's password.</summary>
    [Description("The user's password.")]
    public Secret? Password { get; set; }

    /// <summary>A PEM file with the certificates that may sign the server's. Default: those the machine trusts.</summary>
    [Description("A PEM file with the certificates that may sign the server's. Default: those the machine trusts.")]
    public string? CertificateAuthority { get; set; }

    /// <summary>How long one call may take, in seconds, 0.1 to 300. Default 5.</summary>
    [Description("How long one call may take, in seconds. Default 5.")]
    [Range(0.1, 300)]
    public double Seconds { get; set; } = 5;

    /// <summary>How far before a window a counter's last value is looked for, in seconds, 1 to 3,600. Default 300; more than a few scrape intervals.</summary>
    [Description("How far before a window a counter's last value is looked for, in seconds. Default 300; more than a few scrape intervals.")]
    [Range(1, 3_600)]
    public double LookbackSeconds { get; set; } = 300;

    /// <summary>The metrics by name.</summary>
    [Description("The metrics by name.")]
    [Required, MinLength(1)]
    public Dictionary<string, PrometheusMetric> Metrics { get; set; } = [];
}

/// <summary>
/// A metric: selectors of raw counters, such as <c>http_requests_total{deployment="$arm"}</c>. <c>$arm</c> and <c>$route</c>
/// stand for their names. No functions: increases are computed here, from the samples.
/// </summary>
public sealed class PrometheusMetric
{
    /// <summary><c>Counts</c> or <c>Histogram</c>. Default <c>Counts</c>.</summary>
    [Description("Counts or Histogram. Default Counts.")]
    public MetricShape Shape { get; set; } = MetricShape.Counts;

    /// <summary>Counts: the counters of all requests.</summary>
    [Description("Counts: the counters of all requests, such as http_requests_total{deployment=\"$arm\"}.")]
    public string? Trials { get; set; }

    /// <summary>Counts: the counters of the failed ones among them; one that is not there yet counts as none failed.</summary>
    [Description("Counts: the counters of the failed ones among them. One that is not there yet counts as none failed.")]
    public string? Events { get; set; }

    /// <summary>Histogram: its name without <c>_bucket</c>, with matchers.</summary>
    [Description("Histogram: its name without _bucket, with matchers, such as http_request_duration_seconds{deployment=\"$arm\"}.")]
    public string? Values { get; set; }

    /// <summary>Histogram: whether it is a native one (one series with all buckets) or a classic one (a series for each). Default false: classic.</summary>
    [Description("Histogram: whether it is a native one. Default false: a classic one, with a series for each bucket.")]
    public bool Native { get; set; }

    /// <summary>Histogram: the unit of its values. Default <c>s</c>.</summary>
    [Description("Histogram: the unit of its values. Default s.")]
    public string Unit { get; set; } = "s";

    /// <summary>Histogram: what a value is multiplied by to be in the unit: 0.001 for milliseconds in seconds. Default 1.</summary>
    [Description("Histogram: what a value is multiplied by to be in the unit: 0.001 for milliseconds in seconds. Default 1.")]
    [Range(1e-9, 1e9)]
    public double Scale { get; set; } = 1;

    /// <summary>
    /// Whether a counter that appears within the window began at zero. Default null: when its target was scraped before it
    /// appeared, or its process started within the window; otherwise its first sample is where counting begins.
    /// </summary>
    [Description("Whether a counter that appears within the window began at zero. Default: when its target was scraped before, or its process started within the window.")]
    public bool? BeginsAtZero { get; set; }
}
