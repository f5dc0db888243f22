using System.Collections.Immutable;
using Delivery.Plugins.Xds.Wire;
using Google.Protobuf.Collections;

namespace Delivery.Plugins.Xds;

/// <summary>
/// One kind of resources on one client's stream: what it asked for, was sent, took and refused (xDS, state of the world). A response
/// holds everything that was not answered yet, so that only the answer to the newest one counts.
/// </summary>
internal sealed class Subscription(string type)
{
    private readonly Dictionary<string, long> _sent = [];
    private readonly Dictionary<string, long> _taken = [];
    private readonly Dictionary<string, (long Version, string Why)> _refused = [];
    private Dictionary<string, long> _inFlight = [];
    private HashSet<string>? _names;
    private bool _named;
    private bool _mustAnswer = true;
    private string _nonce = "";

    /// <summary>Takes a request: a first one, an acknowledgement, a refusal, or other names. One for an overtaken response says nothing.</summary>
    public void Take(DiscoveryRequest request)
    {
        if (request.ResponseNonce != _nonce)
            return;
        Answer(request.ErrorDetail);
        Ask(request.ResourceNames);
    }

    /// <summary>What is to be sent now; null for nothing.</summary>
    public DiscoveryResponse? Next(ImmutableSortedDictionary<string, Resource> resources, string epoch, long nonce)
    {
        var wanted = resources.Where(r => Follows(r.Key)).ToList();
        if (!wanted.Any(r => _sent.GetValueOrDefault(r.Key) != r.Value.Version) && !(_mustAnswer && ResourceTypes.IsWhole(type)))
            return null;
        var sent = ResourceTypes.IsWhole(type) ? wanted : wanted.Where(r => StandingOf(r.Key, r.Value.Version) == Standing.Waits).ToList();
        _inFlight = sent.ToDictionary(r => r.Key, r => r.Value.Version);
        foreach (var (name, version) in _inFlight)
            _sent[name] = version;
        (_mustAnswer, _nonce) = (false, $"{nonce}");
        return new DiscoveryResponse
        {
            TypeUrl = type,
            Nonce = _nonce,
            VersionInfo = $"{epoch}-{(wanted.Count == 0 ? 0 : wanted.Max(r => r.Value.Version))}",
            Resources = { sent.Select(r => r.Value.Body) },
        };
    }

    /// <summary>Whether the client asked for a resource.</summary>
    public bool Follows(string name) => _names is null || _names.Contains(name);

    /// <summary>How the client stands to a version of a resource.</summary>
    public Standing StandingOf(string name, long version) =>
        _taken.GetValueOrDefault(name) == version ? Standing.Taken
        : _refused.TryGetValue(name, out var refused) && refused.Version == version ? Standing.Refused
        : Standing.Waits;

    /// <summary>Why it refused a resource.</summary>
    public string WhyRefused(string name) => _refused.GetValueOrDefault(name).Why ?? "";

    private void Answer(Status? refusal)
    {
        foreach (var (name, version) in _inFlight)
        {
            if (refusal is null)
            {
                _taken[name] = version;
                _refused.Remove(name);
            }
            else if (_taken.GetValueOrDefault(name) != version)
                _refused[name] = (version, refusal.Message);
        }

        _inFlight = [];
    }

    /// <summary>No names at all, from the start, or "*": everything.</summary>
    private void Ask(RepeatedField<string> names)
    {
        _named |= names.Count > 0;
        var asked = !_named || names.Contains("*") ? null : names.ToHashSet(StringComparer.Ordinal);
        if (asked is null ? _names is not null : _names is null || !asked.IsSubsetOf(_names))
            _mustAnswer = true;
        _names = asked;
        foreach (var gone in _sent.Keys.Where(n => !Follows(n)).ToList())
        {
            _sent.Remove(gone);
            _taken.Remove(gone);
            _refused.Remove(gone);
        }
    }
}

/// <summary>How a client stands to what it was told.</summary>
internal enum Standing
{
    /// <summary>No answer yet.</summary>
    Waits,

    /// <summary>Acknowledged.</summary>
    Taken,

    /// <summary>Refused; it goes on with what it had.</summary>
    Refused,
}
