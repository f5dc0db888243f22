using System.Collections.Immutable;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.HAProxy;

/// <summary>What a frontend's section can't do: it looks at the headers and cookies that are written into it, and at no others.</summary>
internal static class IntentLimits
{
    public static ImmutableArray<Fault> Faults(RouteIntent intent, HAProxyRoute route, int mostOverrides) =>
    [
        .. intent.Arms.Where(a => a.Arm != intent.Stable).Skip(1).Any() ? [new Fault("arms", "two arms at the most")] : ImmutableArray<Fault>.Empty,
        .. intent.Arms.Index().Where(a => !route.Arms.ContainsKey(a.Item.Arm)).Select(a => new Fault($"arms[{a.Index}].arm", $"one of {string.Join(", ", route.Arms.Keys)}")),
        .. intent.Mirror is not null ? [new Fault("mirror", "null: HAProxy can't mirror")] : ImmutableArray<Fault>.Empty,
        .. intent.Overrides.Length > mostOverrides ? [new Fault("overrides", $"{mostOverrides} at the most")] : ImmutableArray<Fault>.Empty,
        .. intent.Overrides.Index().Where(o => !Looks(route, o.Item.Source, o.Item.Name))
            .Select(o => new Fault($"overrides[{o.Index}].name", Known(route, o.Item.Source))),
        .. intent.Overrides.Index().Where(o => !route.Arms.ContainsKey(o.Item.Arm)).Select(o => new Fault($"overrides[{o.Index}].arm", $"one of {string.Join(", ", route.Arms.Keys)}")),
        .. Normal(intent).Overrides.Index().GroupBy(o => (o.Item.Source, o.Item.Name, o.Item.Value)).Where(g => g.Count() > 1)
            .Select(g => new Fault($"overrides[{g.Last().Index}].value", "another value than an override before: it could never match")),
        .. intent.Stickiness is { } s && !Looks(route, s.Source, s.Name) ? [new Fault("stickiness.name", Known(route, s.Source))] : ImmutableArray<Fault>.Empty,
    ];

    /// <summary>Headers are compared without regard to case: their names are in lower case everywhere.</summary>
    public static RouteIntent Normal(RouteIntent intent) => intent with
    {
        Overrides = [.. intent.Overrides.Select(o => o.Source == RequestPart.Header ? o with { Name = o.Name.ToLowerInvariant() } : o)],
        Stickiness = intent.Stickiness is { Source: RequestPart.Header } s ? s with { Name = s.Name.ToLowerInvariant() } : intent.Stickiness,
    };

    private static bool Looks(HAProxyRoute route, RequestPart source, string name) => source == RequestPart.Header
        ? route.Headers.Contains(name, StringComparer.OrdinalIgnoreCase)
        : route.Cookies.Contains(name, StringComparer.Ordinal);

    private static string Known(HAProxyRoute route, RequestPart source) =>
        (source == RequestPart.Header ? ("Headers", route.Headers) : ("Cookies", route.Cookies)) is var (option, names) && names.Count > 0
            ? $"one that the frontend's section looks at and the option {option} names: {string.Join(", ", names)}"
            : "none: the option that names what the frontend's section looks at is empty";
}
