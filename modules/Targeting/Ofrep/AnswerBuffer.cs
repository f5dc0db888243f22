using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Delivery.Targeting.Ofrep;

/// <summary>
/// A thread's buffer for small answers: written whole before the first byte goes out, so that the length is known and head
/// and body leave in one piece. Taken and sent without an await in between.
/// </summary>
internal sealed class AnswerBuffer
{
    /// <summary>A buffer that one huge answer made larger is not kept.</summary>
    private const int LargestKept = 64 * 1024;

    [ThreadStatic]
    private static AnswerBuffer? _ofThisThread;

    private readonly ArrayBufferWriter<byte> _bytes = new(1_024);

    private AnswerBuffer() => Json = new Utf8JsonWriter(_bytes, OfrepJson.Unchecked);

    public Utf8JsonWriter Json { get; }

    public static AnswerBuffer Take()
    {
        var buffer = _ofThisThread ??= new AnswerBuffer();
        buffer._bytes.ResetWrittenCount();
        buffer.Json.Reset();
        return buffer;
    }

    /// <summary>
    /// Hands the answer to the connection; the server sends it when the request ends. The head goes first, so that the body is
    /// copied once, behind it.
    /// </summary>
    public Task SendAsync(HttpContext http, int status)
    {
        Json.Flush();
        var length = _bytes.WrittenCount;
        if (_bytes.Capacity > LargestKept)
            _ofThisThread = null;
        http.Response.StatusCode = status;
        http.Response.ContentType = OfrepJson.ContentType;
        http.Response.ContentLength = length;
        var head = http.Response.StartAsync();
        if (!head.IsCompletedSuccessfully)
            return SendBehindAsync(head, http, _bytes.WrittenSpan.ToArray());
        http.Response.BodyWriter.Write(_bytes.WrittenSpan);
        return Task.CompletedTask;
    }

    private static async Task SendBehindAsync(Task head, HttpContext http, byte[] body)
    {
        await head;
        await http.Response.BodyWriter.WriteAsync(body);
    }
}
