using Delivery.Contracts.Targeting;
using Mediator;
using Facts = Delivery.Contracts.Rollouts;

namespace Delivery.Rollouts;

/// <summary>A stage was entered: the flag is to show it.</summary>
public static class StageEnteredHandler
{
    /// <summary>Called by Wolverine.</summary>
    public static async Task Handle(Facts.StageEntered fact, ISender sender, CancellationToken cancellationToken) =>
        await sender.Send(new BringFlagInLine(fact.Rollout), cancellationToken);
}

/// <summary>A rollout was stopped: the flag is to show it no more.</summary>
public static class RolloutAbortedHandler
{
    /// <summary>Called by Wolverine.</summary>
    public static async Task Handle(Facts.RolloutAborted fact, ISender sender, CancellationToken cancellationToken) =>
        await sender.Send(new BringFlagInLine(fact.Rollout), cancellationToken);
}

/// <summary>A flag changed: its releases may be gone.</summary>
public static class FlagChangedHandler
{
    /// <summary>Called by Wolverine.</summary>
    public static async Task Handle(FlagChanged fact, ISender sender, CancellationToken cancellationToken) =>
        await sender.Send(new LookAtFlag(fact.Flag), cancellationToken);
}
