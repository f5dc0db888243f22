using System.Collections.Immutable;

namespace Delivery.Plugins.Prometheus;

/// <summary>A series since some moment.</summary>
/// <param name="Labels">Its labels.</param>
/// <param name="Run">From the last sample before that moment, or from its first after it.</param>
/// <param name="WasThere">Whether there was a sample before.</param>
internal sealed record Track(ImmutableSortedDictionary<string, string> Labels, CounterRun Run, bool WasThere);

/// <summary>How far a selector's samples were read, since some moment.</summary>
/// <param name="Until">Everything up to here is in the tracks.</param>
/// <param name="Tracks">By the series' key.</param>
internal sealed record Progress(DateTimeOffset Until, ImmutableDictionary<string, Track> Tracks)
{
    /// <summary>Adds samples after <see cref="Until"/> and up to <paramref name="until"/>; those up to <paramref name="from"/> only say where a series stood.</summary>
    public Progress Take(IReadOnlyList<Series> series, DateTimeOffset from, DateTimeOffset until)
    {
        var tracks = Tracks.ToBuilder();
        foreach (var one in series)
        {
            var track = tracks.GetValueOrDefault(one.Key);
            foreach (var (at, level) in one.Samples.Where(s => s.At > Until && s.At <= until))
            {
                track = at <= from ? new Track(one.Labels, CounterRun.Begin(at, level), WasThere: true)
                    : track is null ? new Track(one.Labels, CounterRun.Begin(at, level), WasThere: false)
                    : track with { Run = track.Run.Then(at, level) };
            }

            if (track is not null)
                tracks[one.Key] = track;
        }

        return new Progress(until, tracks.ToImmutable());
    }
}

/// <summary>
/// Remembers how far the latest questions were read, so that a window that grows is not read from its beginning at every look.
/// The answer is the same without it.
/// </summary>
internal sealed class ProgressBook
{
    private const int MostQuestions = 512;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Selector, DateTimeOffset From), (Progress Progress, long Used)> _pages = [];
    private long _uses;

    public Progress? Before(string selector, DateTimeOffset from, DateTimeOffset to)
    {
        lock (_lock)
        {
            if (!_pages.TryGetValue((selector, from), out var page) || page.Progress.Until > to)
                return null;
            _pages[(selector, from)] = (page.Progress, ++_uses);
            return page.Progress;
        }
    }

    public void Note(string selector, DateTimeOffset from, Progress progress)
    {
        lock (_lock)
        {
            if (_pages.TryGetValue((selector, from), out var page) && page.Progress.Until >= progress.Until)
                return;
            _pages[(selector, from)] = (progress, ++_uses);
            if (_pages.Count > MostQuestions)
                _pages.Remove(_pages.MinBy(p => p.Value.Used).Key);
        }
    }
}
