using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Delivery.AppHost.Platform;

/// <summary>Admin keys: <c>dlv_admin_</c>, 16 hexadecimal digits that name the key, <c>_</c>, 32 random bytes in base64url.</summary>
internal static partial class AdminKeys
{
    public static string New() =>
        $"dlv_admin_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}_{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32))}";

    /// <exception cref="DistributedApplicationException">It is no admin key.</exception>
    public static string Checked(string key) => Format().IsMatch(key)
        ? key
        : throw new DistributedApplicationException("--AdminKey: give dlv_admin_<16 hexadecimal digits>_<43 characters of base64url>.");

    [GeneratedRegex("^dlv_admin_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$")]
    private static partial Regex Format();
}
