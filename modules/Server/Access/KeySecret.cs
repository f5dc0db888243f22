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
    public static (string Key, KeySecret Parsed) Make(AccessRole role)
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        return ($"dlv_{AccessPolicy.For(role)}_{id}_{secret}", new KeySecret(id, secret));
    }

    public static KeySecret? Parse(string key) =>
        Shape().Match(key) is { Success: true } m ? new KeySecret(m.Groups["id"].Value, m.Groups["secret"].Value) : null;

    public string Hash() => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Secret)));

    public bool Opens(AccessKey key) => CryptographicOperations.FixedTimeEquals(
        Encoding.ASCII.GetBytes(Hash()), Encoding.ASCII.GetBytes(key.SecretHash));

    [GeneratedRegex("^dlv_[a-z-]{1,20}_(?<id>[0-9a-f]{16})_(?<secret>[A-Za-z0-9_-]{43})$")]
    private static partial Regex Shape();
}
