using System.Buffers;
using System.Text;
using System.Text.Json;
using Delivery.Contracts.Http;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace Delivery.Otlp;

/// <summary>OTLP's two encodings.</summary>
internal enum OtlpFormat
{
    Protobuf = 0,
    Json = 1,
}

/// <summary>Reads a signal from a body.</summary>
internal static class OtlpBody
{
    public const string Protobuf = "application/x-protobuf";

    private static readonly JsonParser Json = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));

    /// <summary>The body's encoding, by its content type; null for one that OTLP does not know.</summary>
    public static OtlpFormat? FormatOf(HttpRequest request) =>
        request.HasJsonContentType() ? OtlpFormat.Json
        : request.ContentType?.Split(';')[0].Trim().Equals(Protobuf, StringComparison.OrdinalIgnoreCase) == true ? OtlpFormat.Protobuf
        : null;

    /// <exception cref="InvalidRequest">It is not what its content type says.</exception>
    public static TExport Read<TExport>(ReadOnlySpan<byte> body, OtlpFormat format)
        where TExport : IMessage<TExport>, new()
    {
        try
        {
            if (format == OtlpFormat.Json)
                return Json.Parse<TExport>(WithBase64Ids(body));
            var export = new TExport();
            export.MergeFrom(body);
            return export;
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidJsonException or JsonException or FormatException or InvalidOperationException)
        {
            throw new InvalidRequest("$", $"an OTLP {typeof(TExport).Name} ({e.Message})");
        }
    }

    /// <summary>
    /// OTLP writes trace and span ids in hex where protobuf's JSON, and so its parser, has base64 for bytes. All else is copied as it is.
    /// </summary>
    private static string WithBase64Ids(ReadOnlySpan<byte> body)
    {
        var text = new ArrayBufferWriter<byte>(body.Length + 1);
        var reader = new Utf8JsonReader(body);
        var copied = 0;
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName
                || !(reader.ValueTextEquals("traceId"u8) || reader.ValueTextEquals("spanId"u8) || reader.ValueTextEquals("parentSpanId"u8)))
                continue;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                continue;
            text.Write(body[copied..(int)reader.TokenStartIndex]);
            text.Write(Encoding.ASCII.GetBytes($"\"{Convert.ToBase64String(Convert.FromHexString(reader.GetString()!))}\""));
            copied = (int)reader.BytesConsumed;
        }

        text.Write(body[copied..]);
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }
}
