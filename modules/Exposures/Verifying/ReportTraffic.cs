using Delivery.Contracts.Commands;
using Delivery.Contracts.Exposures;
using Mediator;
using Wolverine.Marten;

namespace Delivery.Exposures.Verifying;

/// <summary>Tells others of a sample ratio mismatch; the fact survives a crash from here on.</summary>
internal sealed record ReportTraffic(Audit Audit, TrafficMismatch Fact) : Command(Audit);

internal sealed class ReportTrafficHandler(IMartenOutbox outbox) : ICommandHandler<ReportTraffic, Outcome>
{
    public async ValueTask<Outcome> Handle(ReportTraffic command, CancellationToken cancellationToken)
    {
        await outbox.PublishAsync(command.Fact);
        return new Outcome.Done("flag", command.Fact.Flag, 0);
    }
}
