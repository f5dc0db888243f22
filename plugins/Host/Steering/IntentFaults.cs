using System.Collections.Immutable;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Host;

/// <summary>What is wrong with an intent in itself, or more than the router's capabilities allow. Asked before a rollout starts.</summary>
public static class IntentFaults
{
    /// <summary>The faults by field; empty when the router can be given the intent.</summary>
    public static ImmutableArray<Fault> Of(RouteIntent intent, RouterDescriptor router)
    {
        ArgumentNullException.ThrowIfNull(intent);
        ArgumentNullException.ThrowIfNull(router);
        return [.. Whole(intent), .. Known(intent, router), .. Capable(intent, router.Capabilities)];
    }

    private static IEnumerable<Fault> Whole(RouteIntent intent)
    {
        if (intent.Generation < 1)
            yield return new("generation", "1 or more");
        if (intent.Arms.Any(a => a.Weight is < 0 or > BasisPoints.All) || intent.Arms.Sum(a => (long)a.Weight) != BasisPoints.All)
            yield return new("arms", "weights from 0 to 10,000 basis points that sum to 10,000");
        if (intent.Arms.Select(a => a.Arm).Distinct().Count() != intent.Arms.Length)
            yield return new("arms", "each arm once");
        if (intent.Arms.All(a => a.Arm != intent.Stable))
            yield return new("stable", "one of the arms");
        if (intent.Mirror is { Share: < 1 or > BasisPoints.All })
            yield return new("mirror.share", "1 to 10,000 basis points");
        foreach (var (i, o) in intent.Overrides.Index())
        {
            if (!IsToken(o.Name))
                yield return new($"overrides[{i}].name", "a header's or cookie's name: letters, digits and !#$%&'*+-.^_`|~");
            if (o.Value.Length is 0 or > 1_000 || o.Value.Any(c => c is < ' ' or > '~' || (o.Source == RequestPart.Cookie && c is ';' or ',' or '"' or '\\')))
                yield return new($"overrides[{i}].value", "1 to 1,000 printable ASCII characters; in cookies without ; , \" and \\");
        }

        if (intent.Stickiness is { } sticky && !IsToken(sticky.Name))
            yield return new("stickiness.name", "a header's or cookie's name: letters, digits and !#$%&'*+-.^_`|~");
    }

    private static IEnumerable<Fault> Known(RouteIntent intent, RouterDescriptor router)
    {
        if (router.Routes.FirstOrDefault(r => r.Name == intent.Route) is not { } route)
        {
            yield return new("route", $"a route that {router.Backend} is configured with: {string.Join(", ", router.Routes.Select(r => r.Name))}");
            yield break;
        }

        var accepted = $"an arm of the route '{route.Name}': {string.Join(", ", route.Arms)}";
        foreach (var (i, arm) in intent.Arms.Index().Where(a => !route.Arms.Contains(a.Item.Arm)))
            yield return new($"arms[{i}].arm", accepted);
        foreach (var (i, o) in intent.Overrides.Index().Where(o => !route.Arms.Contains(o.Item.Arm)))
            yield return new($"overrides[{i}].arm", accepted);
        if (intent.Mirror is { } mirror && !route.Arms.Contains(mirror.Arm))
            yield return new("mirror.arm", accepted);
    }

    private static IEnumerable<Fault> Capable(RouteIntent intent, RouterCapabilities able)
    {
        if (intent.Arms.Length > able.MostArms)
            yield return new("arms", $"at most {able.MostArms} arms");
        foreach (var (i, arm) in intent.Arms.Index().Where(a => a.Item.Arm != intent.Stable && a.Item.Weight > 0 && a.Item.Weight < able.WeightStep))
            yield return new($"arms[{i}].weight", $"{able.WeightStep} basis points or more, or 0: this router's finest step; {arm.Weight} would round down to nothing");
        foreach (var (i, o) in intent.Overrides.Index())
        {
            if (o.Source == RequestPart.Header ? !able.HeaderOverrides : !able.CookieOverrides)
                yield return new($"overrides[{i}].source", $"no override by {o.Source}: this router can't");
        }

        if (intent.Mirror is not null && !able.Mirroring)
            yield return new("mirror", "null: this router can't mirror");
        if (intent.Stickiness is { } sticky && (sticky.Source == RequestPart.Header ? !able.StickyByHeader : !able.StickyByCookie))
            yield return new("stickiness.source", $"no stickiness by {sticky.Source}: this router can't");
    }

    private static bool IsToken(string name) =>
        name.Length is > 0 and <= 200 && name.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal));
}
