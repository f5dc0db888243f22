using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;
using Delivery.Targeting.Flags;
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
        if (!GatedCommands.Include(message) || GatedCommands.IsInside.Value)
            return await next(message, cancellationToken);
        await using var inside = await gate.EnterAsync(cancellationToken);
        GatedCommands.IsInside.Value = true;
        return await next(message, cancellationToken);
    }
}

internal static class GatedCommands
{
    /// <summary>True for what a command inside the gate sends in turn: it is inside already.</summary>
    public static AsyncLocal<bool> IsInside { get; } = new();

    public static bool Include(Command command) =>
        command is OpenRelease || (command.GetType().Assembly == typeof(GatedCommands).Assembly && command is not (KillFlag or RestoreFlag));
}
