using System.Collections.Concurrent;
using System.Text.Json;
using Delivery.Contracts.Exposures;
using Delivery.Contracts.Http;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Events;
using Delivery.Metrics.Health;
using Delivery.Segments;
using Microsoft.Extensions.Options;

namespace Delivery.Metrics.Measuring;

/// <summary>
/// The folds that are asked for. A question is folded from the first row once; asked again, it goes on where it was, so an
/// answer costs the new rows only and always reaches the head of both logs. What nobody asked for a while is dropped.
/// </summary>
internal sealed class MomentBook(IExposureFeed exposures, SegmentLog<MetricEvent> events, IOptions<FoldLimits> limits, TimeProvider time)
{
    /// <summary>A fold holds its units' raw events; more questions than this at once are folded again when they return.</summary>
    private const int MostPages = 32;

    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(15);

    private readonly ConcurrentDictionary<string, BookPage> _pages = new(StringComparer.Ordinal);

    /// <summary>The questions whose folds are held.</summary>
    public IReadOnlyList<GetMoments> Open => [.. _pages.Values.Select(page => page.Question)];

    public async Task<MetricMoments> ReadAsync(GetMoments question, CancellationToken cancellationToken)
    {
        var key = JsonSerializer.Serialize(question, Json.Options);
        var now = time.GetUtcNow();
        var page = _pages.GetOrAdd(key, _ => new BookPage(question, limits.Value));
        page.AskedAt = now;
        try
        {
            return await page.ReadAsync(exposures, events, time, cancellationToken);
        }
        catch (OverflowException)
        {
            _pages.TryRemove(key, out _); // Half a batch may be in it.
            throw;
        }
        finally
        {
            Drop(now);
        }
    }

    private void Drop(DateTimeOffset now)
    {
        foreach (var (key, page) in _pages.OrderByDescending(p => p.Value.AskedAt).Select((p, rank) => (p, rank)).Where(x => x.rank >= MostPages || now - x.p.Value.AskedAt > Idle).Select(x => x.p).ToList())
            _pages.TryRemove(new KeyValuePair<string, BookPage>(key, page));
    }
}
