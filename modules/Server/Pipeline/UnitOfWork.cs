using Delivery.Contracts.Commands;
using JasperFx;
using JasperFx.Events;
using Marten;
using Mediator;

namespace Delivery.Server.Pipeline;

/// <summary>
/// One command, one transaction: the handler's events, their audit metadata, the outgoing facts (the Wolverine outbox
/// takes part in the session) and the remembered answer for the idempotency key are committed together or not at all.
/// </summary>
internal sealed class UnitOfWork<TCommand, TResponse>(IDocumentSession session, TimeProvider time) : IPipelineBehavior<TCommand, TResponse>
    where TCommand : Command, ICommand<TResponse>
    where TResponse : Outcome
{
    public async ValueTask<TResponse> Handle(TCommand message, MessageHandlerDelegate<TCommand, TResponse> next, CancellationToken cancellationToken)
    {
        var request = AnsweredRequest.For(message);
        if (request is not null && await session.LoadAsync<AnsweredRequest>(request.Id, cancellationToken) is { } answered)
            return (TResponse)answered.Answer(request);

        Annotate(message.Audit);
        try
        {
            var outcome = await next(message, cancellationToken);
            if (outcome is Outcome.Done done)
            {
                if (request is not null)
                    session.Insert(request with { Done = done, AnsweredAt = time.GetUtcNow() });
                await session.SaveChangesAsync(cancellationToken);
            }
            else
            {
                session.EjectAllPendingChanges();
            }

            return outcome;
        }
        catch (Exception e) when (Concurrent(e))
        {
            session.EjectAllPendingChanges();
            return (TResponse)(Outcome)await Lost(message, request, cancellationToken);
        }
    }

    private void Annotate(Audit audit)
    {
        session.LastModifiedBy = audit.Principal;
        session.CorrelationId = audit.CorrelationId;
        session.CausationId = audit.CausationId;
        session.SetHeader(EventHeaders.Comment, audit.Comment ?? "");
    }

    /// <summary>Someone else committed first: the same request (its answer stands), or another change of the same stream.</summary>
    private async Task<Outcome> Lost(TCommand message, AnsweredRequest? request, CancellationToken cancellationToken)
    {
        if (request is not null && await session.LoadAsync<AnsweredRequest>(request.Id, cancellationToken) is { } answered)
            return answered.Answer(request);
        return new Outcome.Stale(typeof(TCommand).Name, "", message.Audit.ExpectedVersion ?? 0, null);
    }

    private static bool Concurrent(Exception e) => e
        is EventStreamUnexpectedMaxEventIdException
        or ConcurrencyException
        or JasperFx.Events.ExistingStreamIdCollisionException
        or Marten.Exceptions.ExistingStreamIdCollisionException
        or DocumentAlreadyExistsException;
}

/// <summary>The names of the headers that events carry beside Marten's own metadata.</summary>
internal static class EventHeaders
{
    public const string Comment = "comment";
}
