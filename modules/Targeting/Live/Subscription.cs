using System.Threading.Channels;

namespace Delivery.Targeting.Live;

/// <summary>
/// One connection's share of an environment's changes. Bounded: a reader that falls behind is told so and takes the whole
/// ruleset instead of a growing queue.
/// </summary>
internal sealed class Subscription
{
    private const int LongestQueue = 64;

    private readonly Channel<Frame> _frames = Channel.CreateBounded<Frame>(
        new BoundedChannelOptions(LongestQueue) { SingleReader = true, SingleWriter = false, FullMode = BoundedChannelFullMode.Wait });

    private int _behind;

    /// <summary>Whether the reader takes a segment, layer or holdout by itself; otherwise it gets the whole ruleset for each.</summary>
    public bool TakesParts { get; init; }

    public ChannelReader<Frame> Frames => _frames.Reader;

    /// <summary>Never waits: the writer serves everyone else, too.</summary>
    public void Offer(Frame frame)
    {
        if (!_frames.Writer.TryWrite(frame) && frame.Ordinal > 0)
            Volatile.Write(ref _behind, 1);
    }

    /// <summary>Whether frames were lost since the last call.</summary>
    public bool TakeBehind() => Interlocked.Exchange(ref _behind, 0) == 1;
}
