using Delivery.Contracts.Commands;
using Delivery.Contracts.Exposures;
using Mediator;
using Wolverine.Marten;

namespace Delivery.Exposures.Verifying;

/// <summary>Tells others of mismatches; the fact survives a crash from here on.</summary>
internal sealed record ReportMismatch(Audit Audit, ExposureMismatch Fact) : Command(Audit);

internal sealed class ReportMismatchHandler(IMartenOutbox outbox) : ICommandHandler<ReportMismatch, Outcome>
{
    public async ValueTask<Outcome> Handle(ReportMismatch command, CancellationToken cancellationToken)
    {
        await outbox.PublishAsync(command.Fact);
        return new Outcome.Done("flag", command.Fact.Flag, 0);
    }
}
