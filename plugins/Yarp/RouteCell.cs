using System.Globalization;
using Delivery.Plugins.Routing;
using Microsoft.AspNetCore.Http;

namespace Delivery.Plugins.Yarp;

/// <summary>
/// One route: what it was told, swapped whole. A request reads it once and is routed by that; a change never waits for a request.
/// </summary>
internal sealed class RouteCell
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, CancellationTokenSource> _inFlight = [];
    private volatile ArmChoice _choice;
    private long _revision = 1;
    private long _fence;
    private long _number;

    public RouteCell(string name, YarpRoute options, RouteIntent? kept)
    {
        (Name, Options) = (name, options);
        var usable = kept is not null && kept.Arms.All(a => options.Arms.ContainsKey(a.Arm));
        _choice = new ArmChoice(usable ? kept! : AllTo(options.Stable, 0));
        _fence = kept?.Generation ?? 0;
        foreach (var arm in options.Arms.Keys)
            _inFlight[arm] = new CancellationTokenSource();
    }

    public RouteChanges Changes { get; } = new();

    public string Name { get; }
    public YarpRoute Options { get; }

    public RouteState State
    {
        get
        {
            lock (_lock)
                return StateNow();
        }
    }

    /// <summary>What it was told last; null when nothing was.</summary>
    public RouteIntent? Told => _choice.Intent is { Generation: > 0 } told ? told : null;

    /// <summary>Where a request goes, and what cuts it short.</summary>
    public (string Arm, bool Mirror, CancellationToken Cut) Choose(HttpRequest request)
    {
        var (choice, number) = (_choice, Interlocked.Increment(ref _number));
        var arm = choice.Of(request, number);
        lock (_lock)
            return (arm, choice.Mirrors(arm, number), _inFlight[arm].Token);
    }

    /// <summary>The mirror's deployment.</summary>
    public Uri? MirrorTo => _choice.Intent.Mirror is { } mirror ? Options.Arms[mirror.Arm] : null;

    public PluginResult<RouteState> Apply(RouteIntent intent, string seenRevision)
    {
        lock (_lock)
        {
            return RouteFence.Refusal(StateNow(), _fence, intent.Generation, seenRevision) is { } refusal ? refusal : Take(intent);
        }
    }

    public PluginResult<RouteState> Abort(AbortOrder order)
    {
        lock (_lock)
        {
            if (RouteFence.Refusal(StateNow(), _fence, order.Generation) is { } refusal)
                return refusal;
            var state = Take(AllTo(order.Stable, order.Generation));
            if (order.Level == AbortLevel.CutInFlight)
                Cut(order.Stable);
            return state;
        }
    }

    private RouteState Take(RouteIntent intent)
    {
        _fence = intent.Generation;
        if (_choice.Intent is { Generation: 0 } || StateNow().DifferencesTo(intent).Length > 0)
            _revision++;
        _choice = new ArmChoice(intent);
        var state = StateNow();
        Changes.Tell(state);
        return state;
    }

    private void Cut(string stable)
    {
        foreach (var arm in _inFlight.Keys.Where(a => a != stable).ToList())
        {
            _inFlight[arm].Cancel();
            _inFlight[arm] = new CancellationTokenSource();
        }
    }

    private RouteState StateNow()
    {
        var intent = _choice.Intent;
        return new RouteState(
            Name, _revision.ToString(CultureInfo.InvariantCulture), intent.Generation == 0 ? null : intent.Generation, intent.Arms, intent.Overrides, intent.Mirror, intent.Stickiness);
    }

    private RouteIntent AllTo(string stable, long generation) => new(Name, generation, stable, [new ArmWeight(stable, BasisPoints.All)]);
}
