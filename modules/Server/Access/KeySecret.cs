using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Delivery.Contracts.Access;

namespace Delivery.Server.Access;

/// <summary>
/// A key as its holder has it: <c>dlv_ROLE_ID_SECRET</c>, with the role for people's eyes only (the stored role counts),
/// an id of 16 hex digits, and a secret of 32 random bytes in base64url.
/// </summary>
internal sealed partial record KeySecret(string Id, string Secret)
{
    private const int IdLength = 16;
    private const int SecretLength = 43;

    public static (string Key, KeySecret Parsed) Make(AccessRole role)
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        return ($"dlv_{AccessPolicy.For(role)}_{id}_{secret}", new KeySecret(id, secret));
    }

    /// <summary>The key a request presents: <c>Authorization: Bearer KEY</c> or <c>X-API-Key: KEY</c>; null: none.</summary>
    public static string? Presented(IHeaderDictionary headers) => PresentedIn(headers) is { Length: > 0 } key ? key.ToString() : null;

    /// <summary>The same where it stands; empty: none.</summary>
    public static ReadOnlySpan<char> PresentedIn(IHeaderDictionary headers)
    {
        var authorization = headers.Authorization.ToString().AsSpan();
        return authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? authorization[7..].Trim()
            : headers["X-API-Key"].ToString().AsSpan().Trim();
    }

    /// <summary>What stands where a key's id would; nothing is checked.</summary>
    public static ReadOnlySpan<char> IdIn(ReadOnlySpan<char> key) =>
        key.Length > SecretLength + IdLength ? key[^(SecretLength + IdLength + 1)..^(SecretLength + 1)] : [];

    public static KeySecret? Parse(string key) => Shape().IsMatch(key)
        ? new KeySecret(key[^(SecretLength + IdLength + 1)..^(SecretLength + 1)], key[^SecretLength..])
        : null;

    public string Hash() => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Secret)));

    /// <summary>Whether the secret is the key's, in a time that does not tell how much of it is right.</summary>
    public bool Opens(AccessKey key)
    {
        Span<byte> bytes = stackalloc byte[SecretLength];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> stored = stackalloc byte[SHA256.HashSizeInBytes];
        if (!Encoding.UTF8.TryGetBytes(Secret, bytes, out var length))
            return false;
        SHA256.HashData(bytes[..length], hash);
        return Convert.FromHexString(key.SecretHash, stored, out _, out var read) == System.Buffers.OperationStatus.Done
            && read == stored.Length && CryptographicOperations.FixedTimeEquals(hash, stored);
    }

    [GeneratedRegex("^dlv_[a-z-]{1,20}_[0-9a-f]{16}_[A-Za-z0-9_-]{43}\\z")]
    private static partial Regex Shape();
}
