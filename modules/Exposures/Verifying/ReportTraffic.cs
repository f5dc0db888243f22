using Delivery.Contracts.Commands;
using Delivery.Contracts.Exposures;
using Mediator;
using Wolverine.Marten;

namespace Delivery.Exposures.Verifying;

/// <summary>Tells others of traffic that is not as intended; the facts survive a crash from here on.</summary>
/// <param name="Mismatch">A sample ratio mismatch, if there is one.</param>
/// <param name="Fallen">Much less traffic than forecast, if it is so.</param>
internal sealed record ReportTraffic(Audit Audit, string Flag, TrafficMismatch? Mismatch, TrafficFallen? Fallen) : Command(Audit);

internal sealed class ReportTrafficHandler(IMartenOutbox outbox) : ICommandHandler<ReportTraffic, Outcome>
{
    public async ValueTask<Outcome> Handle(ReportTraffic command, CancellationToken cancellationToken)
    {
        if (command.Mismatch is { } mismatch)
            await outbox.PublishAsync(mismatch);
        if (command.Fallen is { } fallen)
            await outbox.PublishAsync(fallen);
        return new Outcome.Done("flag", command.Flag, 0);
    }
}
