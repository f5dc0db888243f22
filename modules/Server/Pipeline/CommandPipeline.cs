using Delivery.Contracts.Commands;
using Delivery.Targeting.Live;
using Mediator;

namespace Delivery.Server.Pipeline;

/// <summary>The one road every command takes: again if it lost a race that it need not lose; role, then the gate of configuration changes, then unit of work (idempotency, audit metadata, commit).</summary>
internal static class CommandPipeline
{
    public static void AddCommandPipeline(this WebApplicationBuilder builder)
    {
        builder.Services.AddMediator(options =>
        {
            options.ServiceLifetime = ServiceLifetime.Scoped;
            options.PipelineBehaviors = [typeof(DecidedAnew<,>), typeof(RoleCheck<,>), typeof(ConfigurationGate<,>), typeof(UnitOfWork<,>)];
        });
        builder.Services.AddScoped<DecidedBefore>();
        builder.Services.AddSingleton(TimeProvider.System);
    }
}

/// <summary>Refuses a command whose principal's role does not reach, wherever it came from: HTTP, console, message or plugin.</summary>
internal sealed class RoleCheck<TCommand, TResponse> : IPipelineBehavior<TCommand, TResponse>
    where TCommand : Command, ICommand<TResponse>
    where TResponse : Outcome
{
    public ValueTask<TResponse> Handle(TCommand message, MessageHandlerDelegate<TCommand, TResponse> next, CancellationToken cancellationToken) =>
        message.Audit.Role >= message.RequiredRole
            ? next(message, cancellationToken)
            : ValueTask.FromResult((TResponse)(Outcome)new Outcome.Forbidden(message.RequiredRole));
}
