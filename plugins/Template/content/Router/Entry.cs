using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Delivery.Plugins;
using Delivery.Plugins.Routing;

namespace MyPlugin;

/// <summary>The configuration's schema: names, ranges and what must be there are checked by the host, field by field.</summary>
public sealed class Options
{
    [Required, Description("A folder for the routes' files. The backend of this example: take your backend's address instead.")]
    public string Folder { get; set; } = "";

    [Description("The key for it, as secret:env:NAME or secret:file:PATH.")]
    public Secret? Key { get; set; }

    [Required, MinLength(1), Description("The routes by name, each with its arms.")]
    public Dictionary<string, List<string>> Routes { get; set; } = [];
}

/// <summary>The type that plugin.json names.</summary>
public sealed class Entry : Plugin<ITrafficRouter, Options>
{
    /// <summary>What annotations can't say.</summary>
    protected override ImmutableArray<Fault> Faults(Options options) =>
        [.. options.Routes.Where(r => r.Value.Count < 2).Select(r => new Fault($"Routes:{r.Key}", "two arms or more"))];

    /// <summary>Doesn't call the backend: one that is down is found by the first call.</summary>
    protected override ValueTask<ITrafficRouter> CreateAsync(Options options, PluginContext context, CancellationToken cancellationToken) =>
        ValueTask.FromResult<ITrafficRouter>(new Router(options, new Backend(options)));
}
