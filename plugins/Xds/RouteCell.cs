using System.Globalization;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Xds;

/// <summary>One route: what it was told, and its fence. A change is published before the call that made it goes on.</summary>
internal sealed class RouteCell
{
    private readonly Lock _lock = new();
    private readonly Catalogue _catalogue;
    private readonly long _epoch;
    private RouteIntent _intent;
    private long _revision = 1;
    private long _fence;
    private (long Generation, string Why)? _refused;

    public RouteCell(RouteResources resources, Catalogue catalogue, long epoch, RouteIntent? kept)
    {
        (Resources, _catalogue, _epoch) = (resources, catalogue, epoch);
        var usable = kept is not null && kept.Arms.Select(a => a.Arm).Concat(kept.Overrides.Select(o => o.Arm)).All(resources.Options.Arms.ContainsKey);
        _intent = usable ? kept! : AllTo(resources.Options.Stable, 0);
        _fence = kept?.Generation ?? 0;
        catalogue.Publish(resources.For(_intent));
    }

    public RouteChanges Changes { get; } = new();

    public RouteResources Resources { get; }

    public RouteState State
    {
        get
        {
            lock (_lock)
                return StateNow();
        }
    }

    /// <summary>What it was told last; null when nothing was.</summary>
    public RouteIntent? Told
    {
        get
        {
            lock (_lock)
                return _intent is { Generation: > 0 } told ? told : null;
        }
    }

    /// <summary>Why clients refused an intent of this generation; null when it was not taken back.</summary>
    public string? RefusalOf(long generation)
    {
        lock (_lock)
            return _refused is { } refused && refused.Generation == generation ? refused.Why : null;
    }

    /// <summary>What a client must have taken to route as the route was told.</summary>
    public IReadOnlyList<(string Type, string Name)> Needed
    {
        get
        {
            lock (_lock)
                return Resources.NeededFor(_intent);
        }
    }

    public PluginResult<RouteState> Apply(RouteIntent intent, string seenRevision, out RouteIntent before)
    {
        lock (_lock)
        {
            before = _intent;
            return RouteFence.Refusal(StateNow(), _fence, intent.Generation, seenRevision) is { } refusal ? refusal : Take(intent);
        }
    }

    public PluginResult<RouteState> Abort(AbortOrder order)
    {
        lock (_lock)
        {
            return RouteFence.Refusal(StateNow(), _fence, order.Generation) is { } refusal ? refusal : Take(AllTo(order.Stable, order.Generation));
        }
    }

    /// <summary>Serves what was there before an intent that every client refused, unless something else came meanwhile.</summary>
    public RouteState TakeBack(RouteIntent refused, RouteIntent before, string why)
    {
        lock (_lock)
        {
            if (!ReferenceEquals(_intent, refused))
                return StateNow();
            var fence = _fence;
            var state = Take(before);
            (_fence, _refused) = (fence, (refused.Generation, why));
            return state;
        }
    }

    private RouteState Take(RouteIntent intent)
    {
        if (_intent.Generation == 0 || StateNow().DifferencesTo(intent).Length > 0)
            _revision++;
        (_fence, _intent, _refused) = (intent.Generation, intent, null);
        _catalogue.Publish(Resources.For(intent));
        var state = StateNow();
        Changes.Tell(state);
        return state;
    }

    private RouteState StateNow() => new(
        Resources.Name,
        string.Create(CultureInfo.InvariantCulture, $"{_epoch:x}-{_revision}"),
        _intent.Generation == 0 ? null : _intent.Generation,
        _intent.Arms,
        _intent.Overrides,
        _intent.Mirror,
        _intent.Stickiness);

    private RouteIntent AllTo(string stable, long generation) => new(Resources.Name, generation, stable, [new ArmWeight(stable, BasisPoints.All)]);
}
