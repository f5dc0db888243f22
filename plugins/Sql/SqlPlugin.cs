using System.Collections.Immutable;
using Delivery.Plugins.Measuring;

namespace Delivery.Plugins.Sql;

/// <summary>The entry.</summary>
public sealed class SqlPlugin : Plugin<IMetricSource, SqlOptions>
{
    /// <inheritdoc/>
    protected override ImmutableArray<Fault> Faults(SqlOptions options) =>
    [
        .. options.CertificateAuthority is { } file && !File.Exists(file) ? [new Fault("CertificateAuthority", "a PEM file that is there")] : Array.Empty<Fault>(),
        .. options.CertificateAuthority is not null && options.Encryption != SqlEncryption.VerifyFull ? [new Fault("CertificateAuthority", "nothing where Encryption does not check it")] : Array.Empty<Fault>(),
        .. options.Metrics.SelectMany(m => MetricFaults($"Metrics:{m.Key}", m.Key, m.Value)),
    ];

    /// <inheritdoc/>
    protected override ValueTask<IMetricSource> CreateAsync(SqlOptions options, PluginContext context, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IMetricSource>(new SqlSource(options));

    private static IEnumerable<Fault> MetricFaults(string at, string name, SqlMetric metric)
    {
        if (name.Length is 0 or > 100)
            yield return new(at, "a name of 1 to 100 characters");
        if (SqlTemplate.Parse(metric.Query).Fault is { } fault)
            yield return new($"{at}:Query", fault);
    }
}
