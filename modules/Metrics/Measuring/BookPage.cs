using System.Diagnostics.CodeAnalysis;
using Delivery.Contracts.Exposures;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Events;
using Delivery.Metrics.Health;
using Delivery.Segments;

namespace Delivery.Metrics.Measuring;

/// <summary>One question's fold and how far it is. One reader at a time moves it on; a failed read leaves whole batches.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore whose wait handle nobody takes holds nothing to dispose, and a dropped page may still have readers.")]
internal sealed class BookPage(GetMoments question, FoldLimits limits)
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly MomentFold _fold = new(question.Environment, question.Flag, question.FromVersion, new MeasurePlan(question.Metrics), limits);
    private long _exposures;
    private long _events;

    public GetMoments Question { get; } = question;

    public DateTimeOffset AskedAt { get; set; }

    public async Task<MetricMoments> ReadAsync(IExposureFeed exposures, SegmentLog<MetricEvent> events, TimeProvider time, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var at = time.GetUtcNow();
            var exposureHead = await exposures.HeadAsync(cancellationToken);
            var eventHead = (await events.HeadAsync(cancellationToken)).Position;
            if (_exposures < exposureHead)
            {
                await foreach (var rows in exposures.ReadAsync(_exposures, cancellationToken))
                {
                    foreach (var row in rows)
                        _fold.Apply(row);
                    if ((_exposures = rows[^1].Position) >= exposureHead)
                        break;
                }
            }

            if (_events < eventHead)
            {
                await foreach (var rows in events.ReadAsync(_events, cancellationToken))
                {
                    foreach (var row in rows)
                        _fold.Apply(row);
                    if ((_events = rows[^1].Position) >= eventHead)
                        break;
                }
            }

            return new MetricMoments(_fold.Read(), at, _exposures, _events);
        }
        finally
        {
            _turn.Release();
        }
    }
}
