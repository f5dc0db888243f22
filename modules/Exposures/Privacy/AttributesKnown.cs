using System.Collections.Concurrent;
using System.Collections.Frozen;
using Delivery.Evaluation;

namespace Delivery.Exposures.Privacy;

/// <summary>
/// Which attributes a flag's version reads, as far as this process saw the version live: exposures of the version before the present
/// one go on coming in for a while after a change.
/// </summary>
internal sealed class AttributesKnown
{
    private const int MostVersions = 10_000;

    private readonly ConcurrentDictionary<(string Environment, string Flag, long Version), Read> _read = new();

    /// <summary>The names; null where they are not known, or the flag can read any.</summary>
    public FrozenSet<string>? Of(string environment, Snapshot? live, string flag, long version)
    {
        var key = (environment, flag, version);
        var isKnown = _read.TryGetValue(key, out var known);
        if (live?.Definition(flag)?.Version != version || (isKnown && known.Sequence == live.Sequence))
            return isKnown ? known.Names : null;
        if (live.AttributesReadBy(flag) is var names && names.Contains(AttributesRead.Any))
            return null;
        // A segment that the flag names may change while the flag's version stays: what was read before counts, too.
        var all = names.Concat(names.Select(Top)).Concat(isKnown ? known.Names : []).ToFrozenSet(StringComparer.Ordinal);
        if (_read.Count >= MostVersions)
            _read.Clear();
        _read[key] = new Read(live.Sequence, all);
        return all;
    }

    /// <summary>A rule may read a path (<c>company.plan</c>); an exposure then keeps the whole object.</summary>
    private static string Top(string name) => name.Split('.')[0];

    private readonly record struct Read(long Sequence, FrozenSet<string> Names);
}
