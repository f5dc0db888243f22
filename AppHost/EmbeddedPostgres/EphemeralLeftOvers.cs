namespace Delivery.EmbeddedPostgres;

/// <summary>Ephemeral clusters of processes that were killed before they could delete them.</summary>
internal static class EphemeralLeftOvers
{
    public const string Prefix = "delivery-postgres-";

    public static async Task SweepAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        foreach (var root in Directory.GetDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            try
            {
                using var leftOver = ClusterDirectory.TryOpenLeftOver(root);
                if (leftOver is not null)
                    await LeftOverServer.StopAsync(leftOver.Path, patience, cancellationToken);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Another user's, or another sweep was faster: not this process's to delete.
            }
        }
    }
}
