using Delivery.Contracts.Exposures;
using Delivery.Segments;

namespace Delivery.Exposures;

/// <summary>The ledger as other modules read it.</summary>
internal sealed class LedgerFeed(SegmentLog<RecordedExposure> log) : IExposureFeed
{
    public async ValueTask<long> HeadAsync(CancellationToken cancellationToken) =>
        (await log.HeadAsync(cancellationToken)).Position;

    public IAsyncEnumerable<IReadOnlyList<RecordedExposure>> ReadAsync(long afterPosition, CancellationToken cancellationToken) =>
        log.ReadAsync(afterPosition, cancellationToken);
}
