using System.Text.Json;

namespace Delivery.Cli;

/// <summary>Where to, and with which key; kept in a file that only its owner can read.</summary>
/// <param name="Server">The server's address.</param>
/// <param name="Key">The access key.</param>
internal sealed record Credentials(Uri Server, string Key)
{
    private static string FileOf(Terminal terminal) => Path.Combine(terminal.Folder, "credentials.json");

    /// <summary>What was remembered; null when nobody signed in, or the file can't be read.</summary>
    public static Credentials? Load(Terminal terminal)
    {
        try
        {
            return JsonSerializer.Deserialize<Credentials>(File.ReadAllText(FileOf(terminal)), JsonSerializerOptions.Web);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    public void Save(Terminal terminal)
    {
        Directory.CreateDirectory(terminal.Folder);
        var file = FileOf(terminal);
        var fresh = file + ".new";
        File.Delete(fresh);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var stream = new FileStream(fresh, options))
            JsonSerializer.Serialize(stream, this, JsonSerializerOptions.Web);
        File.Move(fresh, file, overwrite: true);
    }

    /// <returns>Whether there was anything to forget.</returns>
    public static bool Forget(Terminal terminal)
    {
        var there = File.Exists(FileOf(terminal));
        File.Delete(FileOf(terminal));
        return there;
    }
}
