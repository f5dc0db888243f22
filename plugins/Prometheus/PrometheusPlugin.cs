using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using Delivery.Plugins.Measuring;

namespace Delivery.Plugins.Prometheus;

/// <summary>The entry.</summary>
public sealed class PrometheusPlugin : Plugin<IMetricSource, PrometheusOptions>
{
    /// <inheritdoc/>
    protected override ImmutableArray<Fault> Faults(PrometheusOptions options) =>
        [.. OwnFaults(options), .. options.Metrics.SelectMany(m => MetricFaults($"Metrics:{m.Key}", m.Key, m.Value))];

    /// <inheritdoc/>
    protected override ValueTask<IMetricSource> CreateAsync(PrometheusOptions options, PluginContext context, CancellationToken cancellationToken)
    {
        var authorities = options.CertificateAuthority is { } file ? Certificates(file) : null;
        var client = new PrometheusClient(options, authorities, context.Time);
        return ValueTask.FromResult<IMetricSource>(new PrometheusSource(options, client, context.Time));
    }

    private static IEnumerable<Fault> OwnFaults(PrometheusOptions options)
    {
        if (options.Url is not { } url || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps) || url.Query.Length > 0 || url.UserInfo.Length > 0)
            yield return new("Url", "an http or https URL without a query or a user; User and Password or Token are for that");
        if (options.Token is not null && options.User is not null)
            yield return new("Token", "nothing beside User");
        if (options.User is null != options.Password is null)
            yield return new(options.User is null ? "User" : "Password", "there when the other one is");
        if (options.CertificateAuthority is { } file && Unreadable(file) is { } why)
            yield return new("CertificateAuthority", $"a PEM file with certificates: {why}");
    }

    private static IEnumerable<Fault> MetricFaults(string at, string name, PrometheusMetric metric)
    {
        if (name.Length is 0 or > 100)
            yield return new(at, "a name of 1 to 100 characters");
        if (metric.Shape == MetricShape.Moments)
            yield return new($"{at}:Shape", "Counts or Histogram; Prometheus keeps no sums of squares");
        (string Field, string? Text, bool Wanted)[] selectors =
        [
            ("Trials", metric.Trials, metric.Shape == MetricShape.Counts),
            ("Events", metric.Events, metric.Shape == MetricShape.Counts),
            ("Values", metric.Values, metric.Shape == MetricShape.Histogram),
        ];
        foreach (var (field, text, wanted) in selectors)
        {
            if (!wanted && text is not null)
                yield return new($"{at}:{field}", $"nothing in a metric of shape {metric.Shape}");
            else if (wanted && (text is null || Selector.Parse(text) is null))
                yield return new($"{at}:{field}", "a selector without functions, such as http_requests_total{deployment=\"$arm\"}");
            else if (wanted && !text!.Contains(Selector.Arm, StringComparison.Ordinal))
                yield return new($"{at}:{field}", $"a selector that names {Selector.Arm}: otherwise all arms would be the same");
        }
    }

    private static X509Certificate2Collection Certificates(string file)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPemFile(file);
        return certificates;
    }

    private static string? Unreadable(string file)
    {
        try
        {
            return Certificates(file).Count == 0 ? "there is none in it" : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            return e.Message;
        }
    }
}
