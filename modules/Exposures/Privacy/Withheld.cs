using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Delivery.Exposures.Privacy;

/// <summary>What stands in the ledger for an attribute's value that is not kept: <c>{ "$hmac": "..." }</c> or <c>{ "$omitted": true }</c>.</summary>
internal static class Withheld
{
    private static readonly JsonEncodedText Hmac = JsonEncodedText.Encode("$hmac");
    private static readonly JsonEncodedText Omitted = JsonEncodedText.Encode("$omitted");

    /// <summary>Writes the stand-in. Without a secret nothing is hashed, and what was to be is omitted.</summary>
    public static void Write(Utf8JsonWriter json, AttributeHandling handling, byte[]? key, string environment, string attribute, ReadOnlySpan<byte> value)
    {
        json.WriteStartObject();
        if (handling == AttributeHandling.Hash && key is not null)
            json.WriteString(Hmac, HashOf(key, environment, attribute, value));
        else
            json.WriteBoolean(Omitted, true);
        json.WriteEndObject();
    }

    /// <summary>Whether a recorded value is such a stand-in.</summary>
    public static bool IsOne(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && value.GetPropertyCount() == 1
        && (value.TryGetProperty(Hmac.EncodedUtf8Bytes, out _) || value.TryGetProperty(Omitted.EncodedUtf8Bytes, out _));

    /// <summary>Environment and attribute are part of it, so that equal values of different attributes can't be told to be equal.</summary>
    private static string HashOf(byte[] key, string environment, string attribute, ReadOnlySpan<byte> value)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hmac.AppendData(Encoding.UTF8.GetBytes($"{environment}\0{attribute}\0"));
        hmac.AppendData(value);
        return Base64Url.EncodeToString(hmac.GetHashAndReset());
    }
}
