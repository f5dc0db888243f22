namespace Delivery.Targeting.Live;

/// <summary>
/// The last changes of an environment: a reader that was away for a while gets what it missed instead of the whole ruleset,
/// which may hold lists of a million ids. Bounded in number and bytes. Not safe for concurrent use.
/// </summary>
internal sealed class RecentFrames
{
    private const int MostFrames = 1_000;
    private const long MostBytes = 16 * 1024 * 1024;

    private readonly Queue<Frame> _frames = new();
    private long _bytes;

    /// <summary>Who has this sequence, or a later one, finds everything after it here.</summary>
    private long _from;

    /// <summary>Forgets all: readers of a lower sequence take the whole ruleset.</summary>
    public void StartFrom(long sequence)
    {
        _frames.Clear();
        _bytes = 0;
        _from = sequence;
    }

    public void Add(in Frame frame)
    {
        _frames.Enqueue(frame);
        _bytes += frame.Bytes.Length;
        while (_frames.Count > MostFrames || _bytes > MostBytes)
        {
            var oldest = _frames.Dequeue();
            _bytes -= oldest.Bytes.Length;
            _from = oldest.Sequence;
        }
    }

    /// <summary>What came after a sequence, in order; null if that is not known any more.</summary>
    public IReadOnlyList<Frame>? After(long sequence) => sequence < _from ? null : [.. _frames.Where(frame => frame.Sequence > sequence)];
}
