using Delivery.Contracts.Commands;
using Delivery.Contracts.Metrics;
using Mediator;
using Wolverine.Marten;

namespace Delivery.Metrics.Measuring;

/// <summary>Tells others that the pipelines differ; the fact survives a crash from here on.</summary>
internal sealed record ReportMoments(Audit Audit, MomentMismatch Fact) : Command(Audit);

internal sealed class ReportMomentsHandler(IMartenOutbox outbox) : ICommandHandler<ReportMoments, Outcome>
{
    public async ValueTask<Outcome> Handle(ReportMoments command, CancellationToken cancellationToken)
    {
        await outbox.PublishAsync(command.Fact);
        return new Outcome.Done("metric", command.Fact.Metric, 0);
    }
}
