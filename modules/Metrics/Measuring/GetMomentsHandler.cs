using Delivery.Contracts.Metrics;
using Mediator;

namespace Delivery.Metrics.Measuring;

internal sealed class GetMomentsHandler(MomentBook book) : IQueryHandler<GetMoments, MetricMoments>
{
    public async ValueTask<MetricMoments> Handle(GetMoments query, CancellationToken cancellationToken) => await book.ReadAsync(query, cancellationToken);
}
