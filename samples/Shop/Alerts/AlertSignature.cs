using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Delivery.Shop.Alerts;

/// <summary>
/// Checks that a webhook is Delivery's and fresh: <c>X-Delivery-Signature: t=UNIX_SECONDS,v1=HEX</c>, HEX being the
/// HMAC-SHA256 of <c>t.body</c> with the channel's secret.
/// </summary>
internal static class AlertSignature
{
    internal const string Header = "X-Delivery-Signature";

    /// <summary>An older signature may be a recorded one, played back.</summary>
    internal static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    internal static bool IsValid(string? header, ReadOnlySpan<byte> body, string secret, DateTimeOffset now)
    {
        if (header?.Split(',') is not [['t', '=', .. var seconds], ['v', '1', '=', .. var signature]]
            || !long.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var signedAt)
            || Math.Abs(now.ToUnixTimeSeconds() - signedAt) > Tolerance.TotalSeconds)
            return false;
        byte[] signed = [.. Encoding.ASCII.GetBytes(seconds + "."), .. body];
        var expected = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed));
        return CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(expected), Encoding.ASCII.GetBytes(signature));
    }
}
