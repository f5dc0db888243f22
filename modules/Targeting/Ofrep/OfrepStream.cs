using System.Globalization;
using System.Text;
using Delivery.Contracts.Http;
using Delivery.Targeting.Live;
using Delivery.Targeting.Sdk;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Delivery.Targeting.Ofrep;

/// <summary>Tells when to evaluate anew. A client's stream is silent about flags the client does not see.</summary>
internal sealed class OfrepStream(LiveRulesets live, StreamTokens tokens, IHostApplicationLifetime lifetime)
{
    public async Task AnswerAsync(HttpContext http)
    {
        if (tokens.Open(http.Request.Query["token"].ToString()) is not { } topic || live.Find(topic.Environment) is not { } environment)
        {
            await ErrorDialect.AnswerProblemAsync(http, StatusCodes.Status401Unauthorized, "unauthorized", "Take a fresh stream address from a bulk evaluation.");
            return;
        }

        // A browser that reconnects tells what it has; it need not evaluate anew for what it does not notice. One that comes for the
        // first time does not say what it evaluated: it may have missed a change since, so it asks again, and learns that nothing changed.
        var state = environment.State;
        long? known = !long.TryParse(http.Request.Headers["Last-Event-ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) ? null
            : topic.ForClient && !state.Reordered && sequence >= state.ForClients.Sequence ? state.Sequence
            : sequence;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        await FrameStream.RunAsync(http, environment, known, takesParts: false, frame => Refetch(frame, environment, topic), end.Token);
    }

    /// <summary>A client is told the sequence of the last change it can notice: how many others there were is not its business.</summary>
    private static ReadOnlyMemory<byte> Refetch(Frame frame, LiveEnvironment environment, StreamTopic topic)
    {
        if (frame.Ordinal == 0)
            return frame.Bytes;
        if (topic.ForClient && !frame.ForClients)
            return ReadOnlyMemory<byte>.Empty;
        var sequence = topic.ForClient ? environment.State.ForClients.Sequence : frame.Sequence;
        return Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"id: {sequence}\ndata: {{\"type\":\"refetchEvaluation\",\"etag\":\"{sequence}\"}}\n\n"));
    }
}
