using System.Collections.Immutable;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Yarp;

/// <summary>The entry.</summary>
public sealed class YarpPlugin : Plugin<ITrafficRouter, YarpOptions>
{
    /// <inheritdoc/>
    protected override ImmutableArray<Fault> Faults(YarpOptions options) =>
    [
        .. options.Listen.Index().Where(l => l.Item.Scheme != Uri.UriSchemeHttp || l.Item.AbsolutePath != "/")
            .Select(l => new Fault($"Listen:{l.Index}", "an http URL without a path; TLS ends before the proxy")),
        .. options.Routes.Where(r => r.Key.Length is 0 or > 100).Select(r => new Fault($"Routes:{r.Key}", "a name of 1 to 100 characters")),
        .. options.Routes.Where(r => !r.Value.Arms.ContainsKey(r.Value.Stable))
            .Select(r => new Fault($"Routes:{r.Key}:Stable", $"one of its arms: {string.Join(", ", r.Value.Arms.Keys)}")),
        .. options.Routes.SelectMany(r => r.Value.Arms.Where(a => a.Value.Scheme != Uri.UriSchemeHttp && a.Value.Scheme != Uri.UriSchemeHttps)
            .Select(a => new Fault($"Routes:{r.Key}:Arms:{a.Key}", "an http or https URL"))),
        .. options.Routes.GroupBy(r => (r.Value.Host, r.Value.Path)).Where(g => g.Count() > 1)
            .Select(g => new Fault($"Routes:{g.Last().Key}:Path", "another host or path than another route has")),
    ];

    /// <inheritdoc/>
    protected override async ValueTask<ITrafficRouter> CreateAsync(YarpOptions options, PluginContext context, CancellationToken cancellationToken)
    {
        var store = options.StateFile is null ? null : new StateFile(options.StateFile);
        var kept = store is null ? new Dictionary<string, RouteIntent>() : await store.ReadAsync(cancellationToken);
        var cells = options.Routes.Select(r => new RouteCell(r.Key, r.Value, kept.GetValueOrDefault(r.Key))).ToImmutableArray();
        var proxy = await Proxy.StartAsync(options, cells, context, cancellationToken);
        return new YarpRouter(cells, proxy, store);
    }
}
