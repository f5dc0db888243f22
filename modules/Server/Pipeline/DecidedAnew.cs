using Delivery.Contracts.Commands;
using Mediator;

namespace Delivery.Server.Pipeline;

/// <summary>
/// Decides a command again, on the state as it is then, when another change of the same stream was committed first and the sender named no
/// version. The platform writes to a rollout whenever it goes on: who stops it must not be told to look again.
/// </summary>
internal sealed class DecidedAnew<TCommand, TResponse>(IServiceScopeFactory scopes, DecidedBefore before) : IPipelineBehavior<TCommand, TResponse>
    where TCommand : Command, ICommand<TResponse>
    where TResponse : Outcome
{
    private const int Most = 10;

    public async ValueTask<TResponse> Handle(TCommand message, MessageHandlerDelegate<TCommand, TResponse> next, CancellationToken cancellationToken)
    {
        var outcome = await next(message, cancellationToken);
        if (outcome is not Outcome.Stale || !message.HoldsWhateverChanged || message.Audit.ExpectedVersion is not null || before.Times == Most)
            return outcome;
        // What the handler read and meant to write and to tell belongs to its scope; the next decision begins with nothing of it.
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<DecidedBefore>().Times = before.Times + 1;
        return (TResponse)await scope.ServiceProvider.GetRequiredService<ISender>().Send((Command)message, cancellationToken);
    }
}

/// <summary>How often the command of this scope has been decided in scopes before it.</summary>
internal sealed class DecidedBefore
{
    public int Times { get; set; }
}
