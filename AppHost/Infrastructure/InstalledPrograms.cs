namespace Delivery.AppHost.Infrastructure;

/// <summary>Looks for programs where packages put them: Debian's servers are in a folder that is not in everybody's PATH.</summary>
internal static class InstalledPrograms
{
    private static readonly string[] Beside = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"];

    /// <returns>The program's path; null when it is not installed.</returns>
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Concat(Beside)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
}
