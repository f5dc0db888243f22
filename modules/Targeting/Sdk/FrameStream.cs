using System.IO.Pipelines;
using Delivery.Targeting.Live;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Delivery.Targeting.Sdk;

/// <summary>Writes an environment's frames to one connection for as long as it is open.</summary>
internal static class FrameStream
{
    /// <param name="known">The sequence the reader has; it gets what it missed first, or the whole ruleset.</param>
    /// <param name="takesParts">Whether the reader takes a segment, layer or holdout by itself.</param>
    /// <param name="bytes">What a frame is on this connection; nothing: it is not told.</param>
    public static async Task RunAsync(
        HttpContext http, LiveEnvironment environment, long? known, bool takesParts, Func<Frame, ReadOnlyMemory<byte>> bytes, CancellationToken cancellationToken)
    {
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-cache,no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        var (subscription, state, missed) = environment.Subscribe(known, takesParts);
        try
        {
            IReadOnlyList<Frame> first = missed is null ? [Frame.Ruleset(state)] : missed.Count == 0 ? [Frame.Heartbeat] : missed;
            foreach (var frame in first)
                await http.Response.BodyWriter.WriteAsync(bytes(frame), cancellationToken);
            await Follow(http.Response.BodyWriter, subscription, environment, state.Ordinal, bytes, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The reader went away, or the server ends: a stream has no other end.
        }
        finally
        {
            environment.Unsubscribe(subscription);
        }
    }

    private static async Task Follow(
        PipeWriter output, Subscription subscription, LiveEnvironment environment, long sent, Func<Frame, ReadOnlyMemory<byte>> bytes, CancellationToken cancellationToken)
    {
        while (await subscription.Frames.WaitToReadAsync(cancellationToken))
        {
            if (subscription.TakeBehind())
            {
                var whole = Frame.Ruleset(environment.State);
                await output.WriteAsync(bytes(whole), cancellationToken);
                sent = whole.Ordinal;
            }

            while (subscription.Frames.TryRead(out var frame))
            {
                if (frame.Ordinal != 0 && frame.Ordinal <= sent)
                    continue;
                sent = Math.Max(sent, frame.Ordinal);
                var told = bytes(frame);
                if (told.IsEmpty)
                    continue;
                var result = await output.WriteAsync(told, cancellationToken);
                if (result.IsCompleted)
                    return;
            }
        }
    }
}
