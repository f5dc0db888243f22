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

        // A browser that reconnects tells what it has; it need not evaluate anew for that.
        var state = environment.State;
        var known = long.TryParse(http.Request.Headers["Last-Event-ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            && !(topic.ForClient && !state.Reordered && sequence >= state.ForClients.Sequence)
            ? sequence
            : state.Sequence;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        await FrameStream.RunAsync(http, environment, known, takesParts: false, frame => Refetch(frame, topic), end.Token);
    }

    private static ReadOnlyMemory<byte> Refetch(Frame frame, StreamTopic topic)
    {
        if (frame.Ordinal == 0)
            return frame.Bytes;
        return topic.ForClient && !frame.ForClients
            ? ReadOnlyMemory<byte>.Empty
            : Encoding.UTF8.GetBytes(string.Create(
                CultureInfo.InvariantCulture,
                $"id: {frame.Sequence}\ndata: {{\"type\":\"refetchEvaluation\",\"etag\":\"{frame.Sequence}\"}}\n\n"));
    }
}
