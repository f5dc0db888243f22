using System.Collections.Immutable;
using System.Threading.Channels;
using Delivery.Plugins.Xds.Wire;

namespace Delivery.Plugins.Xds;

/// <summary>One connected client.</summary>
internal sealed class AdsStream(string epoch)
{
    private const int MostIdLength = 100;

    private readonly Lock _lock = new();
    private readonly ImmutableDictionary<string, Subscription> _subscriptions = ResourceTypes.InOrder.ToImmutableDictionary(t => t, t => new Subscription(t));
    private readonly HashSet<string> _asked = [];
    private readonly Channel<bool> _wakes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private long _nonce;

    /// <summary>What the client calls itself; of its first request.</summary>
    public string Client { get; private set; } = "a client without a name";

    /// <summary>Something to send may be there.</summary>
    public ChannelReader<bool> Wakes => _wakes.Reader;

    public void Wake() => _wakes.Writer.TryWrite(true);

    public void End() => _wakes.Writer.TryComplete();

    /// <summary>Takes a request of the client; kinds that are not served are passed over.</summary>
    public void Take(DiscoveryRequest request)
    {
        lock (_lock)
        {
            if (request.Node is { Id.Length: > 0 } node)
                Client = new string([.. node.Id.Where(c => !char.IsControl(c)).Take(MostIdLength)]);
            if (!_subscriptions.TryGetValue(request.TypeUrl, out var subscription))
                return;
            _asked.Add(request.TypeUrl);
            subscription.Take(request);
        }
    }

    /// <summary>What is to be sent next; null for nothing.</summary>
    public DiscoveryResponse? Next(Catalogue catalogue)
    {
        lock (_lock)
        {
            var now = catalogue.Now;
            foreach (var type in ResourceTypes.InOrder.Where(_asked.Contains))
            {
                if (_subscriptions[type].Next(now[type], epoch, _nonce + 1) is { } response)
                {
                    _nonce++;
                    return response;
                }
            }

            return null;
        }
    }

    /// <summary>How the client stands to a route; null when it does not follow it.</summary>
    /// <param name="route">The route configuration's name.</param>
    /// <param name="needed">What it must have taken.</param>
    /// <param name="catalogue">What is served.</param>
    public (Standing Standing, string? Why)? StandingOf(string route, IReadOnlyList<(string Type, string Name)> needed, Catalogue catalogue)
    {
        lock (_lock)
        {
            if (!_asked.Contains(ResourceTypes.Route) || !_subscriptions[ResourceTypes.Route].Follows(route))
                return null;
            var now = catalogue.Now;
            var standings = needed.Select(n => (n.Name, Subscription: _subscriptions[n.Type], Standing: _subscriptions[n.Type].StandingOf(n.Name, now[n.Type][n.Name].Version))).ToList();
            return standings.FirstOrDefault(s => s.Standing == Standing.Refused) is { Subscription: { } refusing } refused
                ? (Standing.Refused, $"{Client} refused {refused.Name}: {refusing.WhyRefused(refused.Name)}")
                : (standings.All(s => s.Standing == Standing.Taken) ? Standing.Taken : Standing.Waits, null);
        }
    }
}
