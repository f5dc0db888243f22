using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.HAProxy;

/// <summary>
/// A route's map: all that an intent says, as keys and values that the frontend's section reads.
/// <list type="table">
/// <item><term><c>state</c></term><description>stable's backend, the other arm's, its basis points, and what is sticky: <c>shop-stable|shop-canary|500|h/x-unit</c></description></item>
/// <item><term><c>h/NAME/HEX</c>, <c>c/NAME/HEX</c></term><description>an override by header or cookie, its value in hexadecimal: the override's place in the order</description></item>
/// <item><term><c>o/PLACE</c></term><description>the override's backend</description></item>
/// <item><term><c>generation</c></term><description>the intent's</description></item>
/// </list>
/// </summary>
internal sealed record MapContent(ImmutableSortedDictionary<string, string> Entries)
{
    private const string State = "state";
    private const string GenerationKey = "generation";
    private const char Separator = '|';
    private const string NothingSticky = "-";

    public long? Generation => Entries.TryGetValue(GenerationKey, out var text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var found) ? found : null;

    /// <summary>A digest of the entries: it differs whenever one does.</summary>
    public string Revision =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Text)))[..16];

    /// <summary>As a map's file has it.</summary>
    public string Text => string.Concat(Entries.Select(e => $"{e.Key} {e.Value}\n"));

    public static MapContent Of(RouteIntent intent, HAProxyRoute route)
    {
        var other = intent.Arms.FirstOrDefault(a => a.Arm != intent.Stable) ?? new ArmWeight(intent.Stable, 0);
        var sticky = intent.Stickiness is { } s ? Part(s.Source, s.Name) : NothingSticky;
        var entries = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        entries[State] = string.Create(CultureInfo.InvariantCulture, $"{route.Arms[intent.Stable]}{Separator}{route.Arms[other.Arm]}{Separator}{other.Weight}{Separator}{sticky}");
        entries[GenerationKey] = intent.Generation.ToString(CultureInfo.InvariantCulture);
        foreach (var (i, o) in intent.Overrides.Index())
        {
            entries[$"{Part(o.Source, o.Name)}/{Convert.ToHexString(Encoding.ASCII.GetBytes(o.Value))}"] = Place(i);
            entries[$"o/{Place(i)}"] = route.Arms[o.Arm];
        }

        return new MapContent(entries.ToImmutable());
    }

    /// <summary>The lines of <c>show map FILE</c>: an address, a key, a value.</summary>
    public static MapContent Read(IEnumerable<string> lines) => new(lines
        .Select(l => l.Split(' ', 3))
        .Where(p => p.Length == 3)
        .DistinctBy(p => p[1])
        .ToImmutableSortedDictionary(p => p[1], p => p[2], StringComparer.Ordinal));

    /// <summary>What the map says, in the contract's words. What it says in no such words is left out, and so differs from every intent.</summary>
    public RouteState ToState(string name, HAProxyRoute route)
    {
        var (arms, sticky) = Entries.TryGetValue(State, out var text) ? Split(text, route) : ([], null);
        return new RouteState(name, Revision, Generation, arms, Overrides(route), null, sticky);
    }

    private static (ImmutableArray<ArmWeight> Arms, Stickiness? Sticky) Split(string text, HAProxyRoute route)
    {
        if (text.Split(Separator) is not [var stable, var other, var weight, var unit]
            || Arm(stable, route) is not { } stableArm
            || Arm(other, route) is not { } otherArm
            || !int.TryParse(weight, NumberStyles.None, CultureInfo.InvariantCulture, out var points)
            || points > BasisPoints.All)
            return ([], null);
        ImmutableArray<ArmWeight> arms = otherArm == stableArm
            ? [new(stableArm, BasisPoints.All)]
            : [new(stableArm, BasisPoints.All - points), new(otherArm, points)];
        return (arms, unit.Split('/', 2) is [var source, var name] ? new Stickiness(Source(source), name) : null);
    }

    private ImmutableArray<RouteOverride> Overrides(HAProxyRoute route) =>
    [
        .. Entries
            .Select(e => (Key: e.Key.Split('/'), Place: e.Value))
            .Where(e => e.Key is ["h" or "c", _, _])
            .OrderBy(e => e.Place, StringComparer.Ordinal)
            .Select(e => Entries.TryGetValue($"o/{e.Place}", out var backend) && Arm(backend, route) is { } arm
                ? new RouteOverride(Source(e.Key[0]), e.Key[1], Value(e.Key[2]), arm)
                : null)
            .OfType<RouteOverride>(),
    ];

    private static string Value(string hex) =>
        hex.Length % 2 == 0 && hex.All(char.IsAsciiHexDigit) ? Encoding.ASCII.GetString(Convert.FromHexString(hex)) : hex;

    private static string? Arm(string backend, HAProxyRoute route) => route.Arms.FirstOrDefault(a => a.Value == backend).Key;

    private static string Part(RequestPart source, string name) => source == RequestPart.Header ? $"h/{name.ToLowerInvariant()}" : $"c/{name}";

    private static RequestPart Source(string text) => text == "h" ? RequestPart.Header : RequestPart.Cookie;

    private static string Place(int place) => place.ToString("0000", CultureInfo.InvariantCulture);
}
