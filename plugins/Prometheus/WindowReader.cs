using System.Collections.Immutable;
using System.Globalization;

namespace Delivery.Plugins.Prometheus;

/// <summary>
/// Reads what counters gained in a window, from their raw samples: exact, over restarts, with nothing guessed beyond the samples as
/// <c>increase()</c> does. A long window is read in pieces.
/// </summary>
internal sealed class WindowReader(PrometheusClient client, TimeSpan lookback, TimeProvider time)
{
    private const int FewSamples = 50_000;
    private static readonly TimeSpan FirstPiece = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LongestPiece = TimeSpan.FromHours(6);

    /// <summary>A scrape is stored under the time it began: samples older than that come no more.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(30);

    private readonly ProgressBook _book = new();

    /// <summary>The query of a whole window, for people.</summary>
    public string Text(string selector, DateTimeOffset from, DateTimeOffset to) =>
        $"{Range(selector, to - from + lookback)} @ {(to.ToUnixTimeMilliseconds() / 1_000m).ToString(CultureInfo.InvariantCulture)}";

    /// <summary>What every series of the selector gained after <paramref name="from"/> and up to <paramref name="to"/>.</summary>
    public async ValueTask<PluginResult<Gains>> ReadAsync(string selector, bool? beginsAtZero, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var end = to < now + FirstPiece ? to : now + FirstPiece;
        var settled = (end < now ? end : now) - Settling;
        var progress = _book.Before(selector, from, end) ?? new Progress(from - lookback, ImmutableDictionary<string, Track>.Empty);
        var (piece, warnings) = (FirstPiece, new List<string>());
        while (progress.Until < end)
        {
            var until = end - progress.Until <= piece ? end : progress.Until + piece;
            if (progress.Until < settled && until > settled)
                until = end;
            var answer = await client.QueryAsync(Range(selector, until - progress.Until), until, cancellationToken).ConfigureAwait(false);
            if (answer is PluginResult<ApiAnswer>.Failed failed)
                return failed.Error;
            var whole = ((PluginResult<ApiAnswer>.Ok)answer).Value;
            if (Series.Of(whole) is not PluginResult<IReadOnlyList<Series>>.Ok { Value: var series })
                return ApiAnswer.Nonsense("query");
            warnings.AddRange(whole.Warnings);
            if (whole.Warnings.Count == 0 && progress.Until < settled)
                _book.Note(selector, from, progress.Take(series, from, until < settled ? until : settled));
            progress = progress.Take(series, from, until);
            piece = series.Sum(s => s.Samples.Count) > FewSamples || piece >= LongestPiece ? piece : piece * 2;
        }

        return await BornAsync(progress.Tracks.Values, beginsAtZero, from, end < now ? end : now, warnings, cancellationToken).ConfigureAwait(false);
    }

    private static string Range(string selector, TimeSpan span) =>
        string.Create(CultureInfo.InvariantCulture, $"{selector}[{(long)Math.Ceiling(span.TotalMilliseconds)}ms]");

    /// <summary>Counters that appeared within the window: did they begin at zero?</summary>
    private async ValueTask<PluginResult<Gains>> BornAsync(
        IEnumerable<Track> tracks, bool? beginsAtZero, DateTimeOffset from, DateTimeOffset to, IReadOnlyList<string> warnings, CancellationToken cancellationToken)
    {
        var seen = tracks.Where(t => t.Run.LastAt > from).ToList();
        var targets = seen.Where(t => !t.WasThere).Select(t => Target.Of(t.Labels)).OfType<Target>().ToHashSet();
        var known = new HashSet<Target>();
        if (beginsAtZero is null && targets.Count > 0)
        {
            var found = await TargetsAsync(targets, from, to, cancellationToken).ConfigureAwait(false);
            if (found is PluginResult<HashSet<Target>>.Failed failed)
                return failed.Error;
            known = ((PluginResult<HashSet<Target>>.Ok)found).Value;
        }

        bool AtZero(Track track) => beginsAtZero ?? (Target.Of(track.Labels) is { } target && known.Contains(target));
        return new Gains(
            [.. seen.Select(t => new Gain(t.Labels, !t.WasThere && AtZero(t) ? t.Run.Gained + t.Run.First : t.Run.Gained, t.Run.LastAt))],
            warnings);
    }

    /// <summary>Targets that were scraped before the window, so that what was not there then was zero; and those whose process started in it.</summary>
    private async ValueTask<PluginResult<HashSet<Target>>> TargetsAsync(HashSet<Target> targets, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        var known = new HashSet<Target>();
        var matchers = Target.Matchers(targets);
        foreach (var (query, at, counts) in new (string, DateTimeOffset, Func<Level, bool>)[]
        {
            ($"max_over_time({Range("up" + matchers, lookback)})", from, level => level.Count > 0),
            ($"process_start_time_seconds{matchers}", to, level => level.Count >= from.ToUnixTimeMilliseconds() / 1_000.0),
        })
        {
            if (targets.IsSubsetOf(known))
                break;
            var answer = await client.QueryAsync(query, at, cancellationToken).ConfigureAwait(false);
            if (answer is PluginResult<ApiAnswer>.Failed failed)
                return failed.Error;
            if (Series.Of(((PluginResult<ApiAnswer>.Ok)answer).Value) is not PluginResult<IReadOnlyList<Series>>.Ok { Value: var series })
                return ApiAnswer.Nonsense("query");
            known.UnionWith(series.Where(s => s.Samples.Any(x => counts(x.Level))).Select(s => Target.Of(s.Labels)).OfType<Target>());
        }

        return known;
    }
}

/// <summary>What series gained in a window.</summary>
/// <param name="Series">Those with a sample in it.</param>
/// <param name="Warnings">Why it may not be all.</param>
internal sealed record Gains(IReadOnlyList<Gain> Series, IReadOnlyList<string> Warnings);

/// <summary>What one series gained.</summary>
internal sealed record Gain(ImmutableSortedDictionary<string, string> Labels, Level Level, DateTimeOffset LastAt);

/// <summary>What is scraped.</summary>
internal sealed record Target(string Job, string Instance)
{
    public static Target? Of(ImmutableSortedDictionary<string, string> labels) =>
        labels.GetValueOrDefault("job") is { } job && labels.GetValueOrDefault("instance") is { } instance ? new(job, instance) : null;

    public static string Matchers(IEnumerable<Target> targets) =>
        $"{{instance=~\"{string.Join('|', targets.Select(t => t.Instance).Distinct().Order(StringComparer.Ordinal).Select(Literally))}\"}}";

    /// <summary>As a regular expression in a PromQL text.</summary>
    private static string Literally(string text) =>
        string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) || c is '_' or ':' or '-' or ' ' ? c.ToString() : c is '"' ? "\\\"" : c is '\\' ? "\\\\\\\\" : "\\\\" + c));
}
