namespace Delivery.Metrics.Health;

/// <summary>
/// How far one log is folded, and since when that was all there was: an observed head is a promise that is kept once the
/// fold passes it.
/// </summary>
internal sealed class FeedProgress
{
    private const int MostOpen = 256;
    private readonly Queue<(DateTimeOffset At, long Head)> _open = new();

    /// <summary>The last folded position.</summary>
    public long Position { get; private set; }

    /// <summary>Everything committed before this moment is folded; the earliest moment when that is not known.</summary>
    public DateTimeOffset CompleteUpTo { get; private set; } = DateTimeOffset.UnixEpoch;

    /// <summary>Everything received before this moment is folded: of the newest row, or from an observation.</summary>
    public DateTimeOffset ReceivedUpTo { get; private set; } = DateTimeOffset.UnixEpoch;

    /// <summary>When the log was looked at last, it had rows that are not folded yet.</summary>
    public bool IsBehind => _open.Count > 0;

    /// <summary>At a moment, or after it, the log's last position was <paramref name="head"/>.</summary>
    public void Observed(DateTimeOffset at, long head)
    {
        if (head > Position && _open.Count < MostOpen)
            _open.Enqueue((at, head));
        else if (head <= Position)
            Complete(at);
    }

    /// <summary>Rows up to a position were folded.</summary>
    public void Folded(long position, DateTimeOffset receivedAt)
    {
        Position = position;
        ReceivedUpTo = Later(ReceivedUpTo, receivedAt);
        while (_open.TryPeek(out var open) && open.Head <= position)
            Complete(_open.Dequeue().At);
    }

    private void Complete(DateTimeOffset at)
    {
        CompleteUpTo = Later(CompleteUpTo, at);
        ReceivedUpTo = Later(ReceivedUpTo, at);
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
