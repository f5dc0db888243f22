using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Delivery.Plugins;
using Delivery.Plugins.Measuring;

namespace Acme.AccessLog;

/// <summary>The configuration.</summary>
public sealed class AccessLogOptions
{
    [Required, Description("The access log: a JSON object with time, deployment, status and seconds on each line.")]
    public string File { get; set; } = "";

    [Range(400, 599), Description("The lowest status that is a failure. Default 500.")]
    public int FailsFrom { get; set; } = 500;

    [Range(1, 1_024), Description("How many MiB of the log's end are read at most. Default 16.")]
    public int MostMebibytes { get; set; } = 16;
}

/// <summary>The entry.</summary>
public sealed class AccessLogPlugin : Plugin<IMetricSource, AccessLogOptions>
{
    protected override ImmutableArray<Fault> Faults(AccessLogOptions options) =>
        Path.IsPathFullyQualified(options.File) ? [] : [new Fault("File", "a full path")];

    protected override ValueTask<IMetricSource> CreateAsync(AccessLogOptions options, PluginContext context, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IMetricSource>(new AccessLogSource(options));
}
