using System.Collections.Immutable;

namespace Delivery.Plugins.Routing;

/// <summary>What a backend has for a route.</summary>
/// <param name="Route">The route.</param>
/// <param name="Revision">
/// The backend's version of it, opaque and never empty; it differs whenever anything differs that an intent says. A backend
/// without versions gives a digest of the content.
/// </param>
/// <param name="Generation">The generation of the intent it came from; null when the backend does not keep it or lost it.</param>
/// <param name="Arms">
/// The weights in basis points as the backend holds them, after its rounding; empty when nothing was ever applied and the
/// backend has no weights of its own.
/// </param>
/// <param name="Overrides">Header and cookie overrides that are there.</param>
/// <param name="Mirror">The mirror that is there.</param>
/// <param name="Stickiness">The stickiness that is there.</param>
public sealed record RouteState(
    string Route,
    string Revision,
    long? Generation,
    ImmutableArray<ArmWeight> Arms,
    ImmutableArray<RouteOverride> Overrides,
    RouteMirror? Mirror = null,
    Stickiness? Stickiness = null)
{
    /// <summary>The weight of an arm in basis points; 0 for one that is not named.</summary>
    public int WeightOf(string arm) => Arms.FirstOrDefault(a => a.Arm == arm)?.Weight ?? 0;

    /// <summary>
    /// What differs from an intent, for people; empty when nothing does. An arm that is not named has weight 0; the order of
    /// overrides counts, because the first that matches wins; generations are not compared.
    /// </summary>
    /// <param name="intent">The intent, its weights rounded to what the backend can hold.</param>
    public ImmutableArray<string> DifferencesTo(RouteIntent intent)
    {
        ArgumentNullException.ThrowIfNull(intent);
        var arms = Arms.Select(a => a.Arm).Union(intent.Arms.Select(a => a.Arm));
        return
        [
            .. arms.Where(a => WeightOf(a) != intent.WeightOf(a)).Select(a => $"{a} has {WeightOf(a)} basis points, not {intent.WeightOf(a)}"),
            .. Overrides.SequenceEqual(intent.Overrides) ? ImmutableArray<string>.Empty : [$"{Overrides.Length} overrides, not the {intent.Overrides.Length} wanted"],
            .. Mirror == intent.Mirror ? ImmutableArray<string>.Empty : [$"the mirror is {Mirror?.Arm ?? "off"}, not {intent.Mirror?.Arm ?? "off"}"],
            .. Stickiness == intent.Stickiness ? ImmutableArray<string>.Empty : [$"stickiness by {Stickiness?.Name ?? "nothing"}, not by {intent.Stickiness?.Name ?? "nothing"}"],
        ];
    }
}

/// <summary>What applying an intent would do.</summary>
/// <param name="After">The state that would be there, after the backend's rounding; its revision is the one seen.</param>
/// <param name="Changes">What would be sent, in order, for people: <c>PATCH httproute/shop weight canary 5</c>. Empty when nothing differs.</param>
/// <param name="CheckedByBackend">Whether the backend itself looked at it (a dry run), or only the plugin did.</param>
public sealed record RoutePlan(RouteState After, ImmutableArray<string> Changes, bool CheckedByBackend);

/// <summary>Whether a backend routes as an intent says. Closed.</summary>
public abstract record Verification
{
    private Verification()
    {
    }

    /// <summary>It does: the backend itself said so.</summary>
    /// <param name="State">What it has.</param>
    public sealed record Verified(RouteState State) : Verification;

    /// <summary>It has taken the intent and is still spreading it.</summary>
    /// <param name="Reason">What is waited for: <c>3 of 5 proxies acknowledged</c>.</param>
    public sealed record Pending(string Reason) : Verification;

    /// <summary>It has something else.</summary>
    /// <param name="State">What it has.</param>
    /// <param name="Differences">What differs, for people.</param>
    public sealed record Drifted(RouteState State, ImmutableArray<string> Differences) : Verification;

    /// <summary>It can't be told now. Never taken for verified.</summary>
    /// <param name="Error">Why.</param>
    public sealed record Unverifiable(PluginError Error) : Verification;
}
