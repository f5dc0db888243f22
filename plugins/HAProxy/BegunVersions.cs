namespace Delivery.Plugins.HAProxy;

/// <summary>
/// Whether somebody else is filling a version of a route's map, which an intent must not overtake. A version that was begun and never
/// committed looks the same; it is taken for given up when this process began it, or when nothing has happened for longer than
/// an exchange may take.
/// </summary>
internal sealed class BegunVersions(TimeProvider time, TimeSpan patience)
{
    private readonly Lock _lock = new();
    private readonly HashSet<uint> _over = [];
    private (uint Next, long Since)? _watched;

    /// <summary>This process fills the version no more: it is committed, or never will be.</summary>
    public void IsOver(uint version)
    {
        lock (_lock)
            _over.Add(version);
    }

    /// <summary>Whether one between the current version and the last that was begun may still be committed.</summary>
    public bool Busy(uint current, uint last)
    {
        lock (_lock)
        {
            _over.RemoveWhere(version => version <= current || version > last);
            if (last - current == _over.Count)
            {
                _watched = null;
                return false;
            }

            if (_watched?.Next != last)
                _watched = (last, time.GetTimestamp());
            return time.GetElapsedTime(_watched.Value.Since) < patience;
        }
    }
}
