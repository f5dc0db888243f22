using System.ComponentModel;

namespace Delivery.EmbeddedPostgres;

/// <summary>What the search for a server sees of the machine; replaced by a made-up machine in tests.</summary>
internal sealed record SearchSurroundings
{
    public required Func<string, string?> EnvironmentVariable { get; init; }

    /// <summary>Full paths of the folders directly in a folder; empty when it does not exist.</summary>
    public required Func<string, IReadOnlyList<string>> SubdirectoriesOf { get; init; }

    /// <summary>The text of <c>postgres --version</c> for a folder of programs; null when it has no complete server.</summary>
    public required Func<string, string?> VersionTextOf { get; init; }

    /// <summary>Installs the npm package of this platform and answers its folder of programs; null when that can't be done.</summary>
    public required Func<CancellationToken, Task<string?>> InstallFromNpm { get; init; }

    /// <summary>The folder found by an earlier search; null when there is none.</summary>
    public required Func<string?> Remembered { get; init; }

    public required Action<string> Remember { get; init; }

    public static SearchSurroundings ThisMachine() => new()
    {
        EnvironmentVariable = Environment.GetEnvironmentVariable,
        SubdirectoriesOf = path => Directory.Exists(path) ? Directory.GetDirectories(path) : [],
        VersionTextOf = ReadVersion,
        InstallFromNpm = NpmServerPackage.InstallAsync,
        Remembered = RememberedServer.Read,
        Remember = RememberedServer.Write,
    };

    private static string? ReadVersion(string binDirectory)
    {
        if (!File.Exists(ServerInstallation.ProgramIn(binDirectory, "postgres"))
            || !File.Exists(ServerInstallation.ProgramIn(binDirectory, "initdb")))
            return null;
        try
        {
            var finished = ProgramRun.Run([ServerInstallation.ProgramIn(binDirectory, "postgres"), "--version"]);
            return finished.ExitCode == 0 ? finished.Output : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
