using System.Buffers;
using System.IO.Hashing;
using System.Text.Json;
using Delivery.Evaluation;
using Microsoft.AspNetCore.Http;

namespace Delivery.Targeting.Ofrep;

/// <summary>A request's context, or what is wrong with it in the protocol's codes.</summary>
/// <param name="Hash">Of the whole body: equal bodies are equal questions.</param>
internal readonly record struct OfrepRequest(EvaluationContext? Context, EvaluationError Error, string? Details, ulong Hash)
{
    /// <summary>A context and the little around it.</summary>
    private const int LargestBody = Limits.ContextBytes + 1_024;

    private static readonly JsonReaderOptions Depth = new() { MaxDepth = Limits.ContextDepth + 1 };

    private static OfrepRequest TooLarge => Wrong(EvaluationError.InvalidContext, $"the context is larger than {Limits.ContextBytes} bytes");

    /// <summary>Reads a request whose body is here already, as a small one mostly is; false: <see cref="ReadAsync"/> waits for it.</summary>
    public static bool TryRead(HttpContext http, DateTimeOffset now, out OfrepRequest request)
    {
        request = default;
        if (http.Request.ContentLength is not { } length || length > LargestBody)
            return false;
        var reader = http.Request.BodyReader;
        if (!reader.TryRead(out var read))
            return false;
        if (!read.IsCompleted || !read.Buffer.IsSingleSegment)
        {
            reader.AdvanceTo(read.Buffer.Start, read.IsCompleted ? read.Buffer.Start : read.Buffer.End);
            return false;
        }

        request = Parse(read.Buffer.FirstSpan, now);
        reader.AdvanceTo(read.Buffer.End);
        return true;
    }

    public static async ValueTask<OfrepRequest> ReadAsync(HttpContext http, DateTimeOffset now)
    {
        if (http.Request.ContentLength > LargestBody)
            return TooLarge;
        var reader = http.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(CancellationToken.None);
            if (read.Buffer.Length > LargestBody)
            {
                reader.AdvanceTo(read.Buffer.End);
                return TooLarge;
            }

            if (read.IsCompleted)
            {
                var request = Parse(read.Buffer.IsSingleSegment ? read.Buffer.FirstSpan : read.Buffer.ToArray(), now);
                reader.AdvanceTo(read.Buffer.End);
                return request;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static OfrepRequest Parse(ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        try
        {
            var json = new Utf8JsonReader(body, Depth);
            json.Read();
            if (json.TokenType != JsonTokenType.StartObject)
            {
                json.Skip();
                json.Read();
                return Wrong(EvaluationError.ParseError, "the body is a JSON object with context");
            }

            return ReadMembers(ref json, now) with { Hash = XxHash3.HashToUInt64(body) };
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

    /// <summary>The last of several contexts counts; other members are not ours. Read to the end: the rest must be JSON, too.</summary>
    private static OfrepRequest ReadMembers(ref Utf8JsonReader json, DateTimeOffset now)
    {
        var request = new OfrepRequest(EvaluationContext.Empty, EvaluationError.None, null, 0);
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var isContext = json.ValueTextEquals("context"u8);
            json.Read();
            if (!isContext)
            {
                json.Skip();
            }
            else if (json.TokenType == JsonTokenType.StartObject)
            {
                var start = json.TokenStartIndex;
                request = new OfrepRequest(EvaluationContext.Read(ref json, RandomSeeds.Next(), now), EvaluationError.None, null, 0);
                if (json.BytesConsumed - start > Limits.ContextBytes)
                    request = TooLarge;
            }
            else
            {
                json.Skip();
                request = Wrong(EvaluationError.InvalidContext, "context is a JSON object.");
            }
        }

        json.Read();
        return request;
    }

    private static OfrepRequest Wrong(EvaluationError error, string details) => new(null, error, details, 0);
}
