using Delivery.Contracts.Commands;
using Delivery.Contracts.Exposures;
using Mediator;
using Wolverine.Marten;

namespace Delivery.Exposures.Intake.Served;

/// <summary>Tells others that exposures were lost; the fact survives a crash from here on.</summary>
internal sealed record ReportLoss(Audit Audit, ExposuresLost Fact) : Command(Audit);

internal sealed class ReportLossHandler(IMartenOutbox outbox) : ICommandHandler<ReportLoss, Outcome>
{
    public async ValueTask<Outcome> Handle(ReportLoss command, CancellationToken cancellationToken)
    {
        await outbox.PublishAsync(command.Fact);
        return new Outcome.Done("ledger", ExposureTable.Name, 0);
    }
}
