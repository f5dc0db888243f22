using Delivery.Contracts.Commands;
using Mediator;

namespace Delivery.Console.Tests.Parts;

/// <summary>Keeps commands and gives one answer to all of them; answers a query with what was put there for its answer's type.</summary>
internal sealed class AnsweringSender : ISender
{
    public List<object> Sent { get; } = [];

    public Outcome Answer { get; set; } = new Outcome.Done("flag", "x", 5);

    public Dictionary<Type, object> Answers { get; } = [];

    /// <summary>What happens while a query is answered.</summary>
    public Action<object> Asking { get; set; } = _ => { };

    public ValueTask<TResponse> Send<TResponse>(ICommand<TResponse> command, CancellationToken cancellationToken = default)
    {
        Sent.Add(command);
        return ValueTask.FromResult((TResponse)(object)Answer);
    }

    public ValueTask<TResponse> Send<TResponse>(IQuery<TResponse> query, CancellationToken cancellationToken = default)
    {
        Sent.Add(query);
        Asking(query);
        return ValueTask.FromResult((TResponse)Answers[typeof(TResponse)]);
    }

    public ValueTask<TResponse> Send<TResponse>(IRequest<TResponse> request, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask<object?> Send(object message, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public IAsyncEnumerable<TResponse> CreateStream<TResponse>(IStreamQuery<TResponse> query, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public IAsyncEnumerable<TResponse> CreateStream<TResponse>(IStreamRequest<TResponse> request, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public IAsyncEnumerable<TResponse> CreateStream<TResponse>(IStreamCommand<TResponse> command, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public IAsyncEnumerable<object?> CreateStream(object message, CancellationToken cancellationToken = default) => throw new NotSupportedException();
}
