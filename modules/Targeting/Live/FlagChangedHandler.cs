using Delivery.Contracts.Targeting;
using Delivery.Targeting.Flags;
using Marten;
using Mediator;

namespace Delivery.Targeting.Live;

/// <summary>
/// The second road of a change into memory, for the case that the first (right after the commit) was cut off: it comes
/// through the durable queue, and a change that is there already is passed over by its version.
/// </summary>
public static class FlagChangedHandler
{
    /// <summary>Called by the message bus.</summary>
    public static async Task Handle(FlagChanged fact, ISender sender, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(fact);
        await sender.Send(new RefreshFlag(fact.Flag), cancellationToken);
    }
}

/// <summary>Reads a flag from the store into the live rulesets.</summary>
internal sealed record RefreshFlag(string Flag) : IRequest;

internal sealed class RefreshFlagHandler(IQuerySession session, LiveRulesets live) : IRequestHandler<RefreshFlag>
{
    public async ValueTask<Unit> Handle(RefreshFlag request, CancellationToken cancellationToken)
    {
        if (await session.LoadAsync<Flag>(Flag.Stream(request.Flag), cancellationToken) is { } flag)
            live.Apply(flag);
        return Unit.Value;
    }
}
