using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Delivery.Targeting.Ofrep;

/// <summary>Whose changes an event stream tells.</summary>
/// <param name="Environment">The environment.</param>
/// <param name="ForClient">Only the changes that a client key can notice.</param>
internal sealed record StreamTopic(string Environment, bool ForClient);

/// <summary>
/// Short-lived tokens for event streams: a browser's EventSource sends no header. A token says only whose changes and until
/// when, signed with a key of this process; after a restart clients take a new one from their next bulk evaluation. All
/// tokens of a period end together, one period after it, so that equal questions get equal answers.
/// </summary>
internal sealed class StreamTokens(TimeProvider time, IOptions<OfrepOptions> options)
{
    private const int HeadBytes = 9;
    private const int SignatureBytes = 16;
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    /// <summary>The present period's number.</summary>
    public long Period => time.GetUtcNow().ToUnixTimeSeconds() / options.Value.StreamTokenSeconds;

    public string Issue(StreamTopic topic)
    {
        var name = Encoding.UTF8.GetBytes(topic.Environment);
        var token = new byte[HeadBytes + name.Length + SignatureBytes];
        BinaryPrimitives.WriteInt64BigEndian(token, (Period + 2) * options.Value.StreamTokenSeconds);
        token[HeadBytes - 1] = topic.ForClient ? (byte)1 : (byte)0;
        name.CopyTo(token, HeadBytes);
        Sign(token.AsSpan(0, HeadBytes + name.Length)).CopyTo(token.AsSpan(HeadBytes + name.Length));
        return Base64Url.EncodeToString(token);
    }

    /// <summary>What a token opens; null when it is not one of ours or too old.</summary>
    public StreamTopic? Open(string token)
    {
        if (!Base64Url.IsValid(token, out var length) || length <= HeadBytes + SignatureBytes)
            return null;
        var bytes = Base64Url.DecodeFromChars(token);
        var content = bytes.AsSpan(0, length - SignatureBytes);
        return CryptographicOperations.FixedTimeEquals(Sign(content), bytes.AsSpan(length - SignatureBytes, SignatureBytes))
            && BinaryPrimitives.ReadInt64BigEndian(content) >= time.GetUtcNow().ToUnixTimeSeconds()
            ? new StreamTopic(Encoding.UTF8.GetString(content[HeadBytes..]), content[HeadBytes - 1] == 1)
            : null;
    }

    private Span<byte> Sign(ReadOnlySpan<byte> content) => HMACSHA256.HashData(_key, content).AsSpan(0, SignatureBytes);
}
