namespace Delivery.EmbeddedPostgres;

/// <summary>A one-line file in the cache folder that spares the next start the search.</summary>
internal static class RememberedServer
{
    private static string FilePath => Path.Combine(Places.CacheDirectory(), "postgres-bin");

    public static string? Read() => File.Exists(FilePath) ? File.ReadAllText(FilePath).Trim() : null;

    public static void Write(string binDirectory)
    {
        try
        {
            var unfinished = $"{FilePath}.{Environment.ProcessId}";
            File.WriteAllText(unfinished, binDirectory + "\n");
            File.Move(unfinished, FilePath, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Only speed is lost: the next start searches again.
            Console.Error.WriteLine($"The place of PostgreSQL could not be remembered: {exception.Message}");
        }
    }
}
