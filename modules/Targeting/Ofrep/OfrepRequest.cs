using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Delivery.Evaluation;
using Microsoft.AspNetCore.Http;

namespace Delivery.Targeting.Ofrep;

/// <summary>A request's context, or what is wrong with it in the protocol's codes.</summary>
internal readonly record struct OfrepRequest(EvaluationContext? Context, EvaluationError Error, string? Details, ulong Hash)
{
    /// <summary>A context and the little around it.</summary>
    private const int LargestBody = Limits.ContextBytes + 1_024;

    private static readonly JsonDocumentOptions Depth = new() { MaxDepth = Limits.ContextDepth + 1 };

    public static async ValueTask<OfrepRequest> ReadAsync(HttpContext http, DateTimeOffset now)
    {
        if (http.Request.ContentLength > LargestBody)
            return TooLarge;
        var reader = http.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(http.RequestAborted);
            if (read.Buffer.Length > LargestBody)
            {
                reader.AdvanceTo(read.Buffer.End);
                return TooLarge;
            }

            if (read.IsCompleted)
            {
                var request = Parse(read.Buffer, now);
                reader.AdvanceTo(read.Buffer.End);
                return request;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static OfrepRequest TooLarge => Wrong(EvaluationError.InvalidContext, $"the context is larger than {Limits.ContextBytes} bytes");

    private static OfrepRequest Parse(ReadOnlySequence<byte> body, DateTimeOffset now)
    {
        try
        {
            using var document = JsonDocument.Parse(body, Depth);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return Wrong(EvaluationError.ParseError, "the body is a JSON object with context");
            var hash = System.IO.Hashing.XxHash3.HashToUInt64(body.IsSingleSegment ? body.FirstSpan : body.ToArray());
            if (document.RootElement.TryGetProperty("context", out var context) && JsonMarshal.GetRawUtf8Value(context).Length > Limits.ContextBytes)
                return TooLarge;
            return context.ValueKind != JsonValueKind.Undefined
                ? new OfrepRequest(EvaluationContext.FromJson(context, RandomSeed(), now), EvaluationError.None, null, hash)
                : new OfrepRequest(EvaluationContext.Empty, EvaluationError.None, null, hash);
        }
        catch (JsonException e)
        {
            return Wrong(EvaluationError.ParseError, $"the body is not valid JSON: {e.Message}");
        }
        catch (InvalidOperationException)
        {
            return Wrong(EvaluationError.InvalidContext, "a text in the context is not valid Unicode: half a surrogate pair");
        }
        catch (FormatException e)
        {
            return Wrong(EvaluationError.InvalidContext, e.Message);
        }
    }

    /// <summary>For splits that are meant not to be sticky; nothing else reads it.</summary>
    private static ulong RandomSeed()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return BitConverter.ToUInt64(bytes) | 1;
    }

    private static OfrepRequest Wrong(EvaluationError error, string details) => new(null, error, details, 0);
}
