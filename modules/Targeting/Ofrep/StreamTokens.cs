using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Delivery.Targeting.Ofrep;

/// <summary>
/// Short-lived tokens for event streams: a browser's EventSource sends no header. A token says only which environment and
/// until when, signed with a key of this process; after a restart clients take a new one from their next bulk evaluation.
/// </summary>
internal sealed class StreamTokens(TimeProvider time, IOptions<OfrepOptions> options)
{
    private const int SignatureBytes = 16;
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    public string Issue(string environment)
    {
        var name = Encoding.UTF8.GetBytes(environment);
        var token = new byte[8 + name.Length + SignatureBytes];
        BinaryPrimitives.WriteInt64BigEndian(token, time.GetUtcNow().AddSeconds(options.Value.StreamTokenSeconds).ToUnixTimeSeconds());
        name.CopyTo(token, 8);
        Sign(token.AsSpan(0, 8 + name.Length)).CopyTo(token.AsSpan(8 + name.Length));
        return Base64Url.EncodeToString(token);
    }

    /// <summary>The environment a token opens; null when it is not one of ours or too old.</summary>
    public string? Environment(string token)
    {
        if (!Base64Url.IsValid(token, out var length) || length <= 8 + SignatureBytes)
            return null;
        var bytes = Base64Url.DecodeFromChars(token);
        var content = bytes.AsSpan(0, length - SignatureBytes);
        return CryptographicOperations.FixedTimeEquals(Sign(content), bytes.AsSpan(length - SignatureBytes, SignatureBytes))
            && BinaryPrimitives.ReadInt64BigEndian(content) >= time.GetUtcNow().ToUnixTimeSeconds()
            ? Encoding.UTF8.GetString(content[8..])
            : null;
    }

    private Span<byte> Sign(ReadOnlySpan<byte> content) => HMACSHA256.HashData(_key, content).AsSpan(0, SignatureBytes);
}
