using System.Security.Cryptography;
using System.Text;

namespace Delivery.EmbeddedPostgres;

/// <summary>Where clusters and what they need are kept.</summary>
public static class Places
{
    /// <summary>
    /// The data directory of a checkout's platform. For an ordinary user: <c>.delivery/postgres</c> in the checkout.
    /// For root: <c>/var/lib/delivery/&lt;name&gt;-&lt;hash of the path&gt;/postgres</c>, because the server then runs under
    /// another account, which can't enter a checkout under <c>/root</c>.
    /// </summary>
    public static string DefaultDataDirectory(string checkout)
    {
        if (!ServiceAccount.IsNeeded)
            return Path.Combine(checkout, ".delivery", "postgres");
        var fullPath = Path.TrimEndingDirectorySeparator(Path.GetFullPath(checkout));
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(fullPath)))[..8];
        return $"/var/lib/delivery/{Path.GetFileName(fullPath)}-{hash}/postgres";
    }

    /// <summary>Downloads and memories; losing it costs time only. Readable for the account the server runs under.</summary>
    internal static string CacheDirectory()
    {
        foreach (var candidate in CacheCandidates())
        {
            try
            {
                return Directory.CreateDirectory(candidate).FullName;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // An account without a home (nobody) uses the next one.
            }
        }

        throw new PostgresClusterException("There is no folder to keep downloads in. Set XDG_CACHE_HOME to one that can be written.");
    }

    private static IEnumerable<string> CacheCandidates()
    {
        if (Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } configured)
            yield return Path.Combine(configured, "delivery");
        if (ServiceAccount.IsNeeded)
        {
            yield return "/var/cache/delivery";
            yield break;
        }

        var home = OperatingSystem.IsWindows()
            ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (home.Length > 0)
            yield return Path.Combine(home, OperatingSystem.IsWindows() ? "delivery" : ".cache/delivery");
        yield return Path.Combine(Path.GetTempPath(), $"delivery-cache-{Environment.UserName}");
    }
}
