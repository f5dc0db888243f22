namespace Delivery.Metrics.Health;

/// <summary>
/// How far one log is folded, and since when that was all there was: an observed head is a promise that is kept once the
/// fold passes it.
/// </summary>
internal sealed class FeedProgress
{
    private const int MostOpen = 256;
    private readonly List<(DateTimeOffset At, long Head)> _open = [];
    private DateTimeOffset _next = DateTimeOffset.UnixEpoch;

    /// <summary>The last folded position.</summary>
    public long Position { get; private set; }

    /// <summary>Everything committed before this moment is folded; the earliest moment when that is not known.</summary>
    public DateTimeOffset CompleteUpTo { get; private set; } = DateTimeOffset.UnixEpoch;

    /// <summary>Everything received before this moment is folded: of the newest row, or from an observation.</summary>
    public DateTimeOffset ReceivedUpTo { get; private set; } = DateTimeOffset.UnixEpoch;

    /// <summary>When the log was looked at last, it had rows that are not folded yet.</summary>
    public bool IsBehind => _open.Count > 0;

    /// <summary>Nothing of the log that was received before this is still to be folded: as far as it is folded, or as its next rows say.</summary>
    public DateTimeOffset Frontier => Later(ReceivedUpTo, _next);

    /// <summary>It folded nothing for long although it is behind. Over once it does.</summary>
    public bool IsStuck { get; set; }

    /// <summary>The next rows to be folded were received then.</summary>
    public void Next(DateTimeOffset receivedAt) => _next = receivedAt;

    /// <summary>At a moment, or after it, the log's last position was <paramref name="head"/>.</summary>
    public void Observed(DateTimeOffset at, long head)
    {
        if (head <= Position)
            Complete(at);
        else if (_open.Count > 0 && _open[^1].Head == head)
            _open[^1] = (at, head);
        else if (_open.Count < MostOpen)
            _open.Add((at, head));
    }

    /// <summary>Rows up to a position were folded.</summary>
    public void Folded(long position, DateTimeOffset receivedAt)
    {
        (Position, IsStuck) = (position, false);
        ReceivedUpTo = Later(ReceivedUpTo, receivedAt);
        var passed = _open.FindLastIndex(open => open.Head <= position) + 1;
        if (passed == 0)
            return;
        Complete(_open[passed - 1].At);
        _open.RemoveRange(0, passed);
    }

    private void Complete(DateTimeOffset at)
    {
        CompleteUpTo = Later(CompleteUpTo, at);
        ReceivedUpTo = Later(ReceivedUpTo, at);
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
