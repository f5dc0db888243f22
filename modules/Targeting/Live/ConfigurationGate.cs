using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;
using Mediator;

namespace Delivery.Targeting.Live;

/// <summary>
/// The part of the command pipeline that takes a change of the configuration through the gate: around decision and commit. What
/// only takes away (a kill, its end, the end of a release) makes no reference and does not wait for anybody.
/// </summary>
internal sealed class ConfigurationGate<TCommand, TResponse>(WriteGate gate) : IPipelineBehavior<TCommand, TResponse>
    where TCommand : Command, ICommand<TResponse>
    where TResponse : Outcome
{
    public async ValueTask<TResponse> Handle(TCommand message, MessageHandlerDelegate<TCommand, TResponse> next, CancellationToken cancellationToken)
    {
        if (!GatedCommands.Include(message) || GatedCommands.Passage.Value is { IsOpen: true })
            return await next(message, cancellationToken);
        await using var inside = await gate.EnterAsync(cancellationToken);
        var passage = GatedCommands.Passage.Value = new GatePassage();
        try
        {
            return await next(message, cancellationToken);
        }
        finally
        {
            passage.IsOpen = false;
        }
    }
}

internal static class GatedCommands
{
    /// <summary>What a command inside the gate sends in turn is inside already.</summary>
    public static AsyncLocal<GatePassage?> Passage { get; } = new();

    /// <summary>This module's own commands, and those of its contract that may make a reference.</summary>
    public static bool Include(Command command) =>
        command is OpenRelease or ScheduleChange or ProposeChanges or MergeProposal || command.GetType().Assembly == typeof(GatedCommands).Assembly;
}

/// <summary>One command's way through the gate; what outlives the command finds it closed.</summary>
internal sealed class GatePassage
{
    public bool IsOpen { get; set; } = true;
}
