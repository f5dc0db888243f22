using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.HAProxy;

/// <summary>The entry.</summary>
public sealed partial class HAProxyPlugin : Plugin<ITrafficRouter, HAProxyOptions>
{
    /// <inheritdoc/>
    protected override ImmutableArray<Fault> Faults(HAProxyOptions options) =>
    [
        .. options.Address.StartsWith("tls:", StringComparison.Ordinal) || options is { AuthorityFile: null, CertificateFile: null, CertificateKey: null }
            ? ImmutableArray<Fault>.Empty
            : [new Fault("Address", "tls://HOST:PORT, where certificates are given")],
        .. options.CertificateFile is null == options.CertificateKey is null
            ? ImmutableArray<Fault>.Empty
            : [new Fault("CertificateKey", "together with CertificateFile, or neither")],
        .. options.Routes.SelectMany(r => Faults(r.Key, r.Value)),
        .. options.Routes.GroupBy(r => r.Value.Map).Where(g => g.Count() > 1)
            .Select(g => new Fault($"Routes:{g.Last().Key}:Map", "another map than another route has: a change replaces a map whole")),
    ];

    /// <inheritdoc/>
    protected override ImmutableArray<string> Claims(HAProxyOptions options) => [.. options.Routes.Select(r => $"the map {r.Value.Map} of the HAProxy at {options.Address}")];

    /// <inheritdoc/>
    protected override async ValueTask<ITrafficRouter> CreateAsync(HAProxyOptions options, PluginContext context, CancellationToken cancellationToken)
    {
        var address = await RuntimeAddress.OfAsync(options, cancellationToken);
        return new HAProxyRouter(options, new RuntimeApi(address, TimeSpan.FromSeconds(options.Seconds), context.Time), context.Time);
    }

    private static IEnumerable<Fault> Faults(string name, HAProxyRoute route)
    {
        if (!Name().IsMatch(name) || name.Length > 100)
            yield return new($"Routes:{name}", "a name of 1 to 100 letters, digits, '.', '_' and '-'");
        if (!route.Arms.ContainsKey(route.Stable))
            yield return new($"Routes:{name}:Stable", $"one of its arms: {string.Join(", ", route.Arms.Keys)}");
        foreach (var (arm, backend) in route.Arms)
        {
            if (!Name().IsMatch(arm))
                yield return new($"Routes:{name}:Arms:{arm}", "an arm's name of letters, digits, '.', '_' and '-'");
            else if (!Name().IsMatch(backend))
                yield return new($"Routes:{name}:Arms:{arm}", "a backend's name of letters, digits, '.', '_' and '-'");
        }

        if (route.Arms.Values.Distinct().Count() < route.Arms.Count)
            yield return new($"Routes:{name}:Arms", "a backend of its own for each arm");
        foreach (var (list, names) in new[] { ("Headers", route.Headers), ("Cookies", route.Cookies) })
        {
            foreach (var (i, part) in names.Index().Where(n => !Name().IsMatch(n.Item)))
                yield return new($"Routes:{name}:{list}:{i}", $"a name of letters, digits, '.', '_' and '-', not '{part}'");
        }
    }

    [GeneratedRegex("^[A-Za-z0-9._-]+$")]
    private static partial Regex Name();
}
