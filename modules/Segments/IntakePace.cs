namespace Delivery.Segments;

/// <summary>Whether few or many rows come in, from looks at the log's head about once a second.</summary>
/// <param name="calmRowsPerSecond">So many rows a second are few; twice as many are a lot.</param>
internal sealed class IntakePace(int calmRowsPerSecond)
{
    /// <summary>A pause in a busy stream is no calm: an index that was built for it would be dropped again.</summary>
    internal const int LooksUntilCalm = 30;

    private long? _position;
    private int _calmLooks;

    /// <summary>Few rows came in, look after look.</summary>
    public bool IsCalm => _calmLooks >= LooksUntilCalm;

    /// <summary>Many rows came in since the last look.</summary>
    public bool IsBusy { get; private set; }

    /// <param name="position">The log's last position.</param>
    /// <param name="elapsed">Time since the last look.</param>
    public void Look(long position, TimeSpan elapsed)
    {
        var rows = position - (_position ?? position);
        var few = calmRowsPerSecond * Math.Max(1, elapsed.TotalSeconds);
        _calmLooks = rows <= few ? _calmLooks + 1 : 0;
        IsBusy = rows > 2 * few;
        _position = position;
    }
}
