using System.Globalization;
using System.Text.RegularExpressions;

namespace Delivery.EmbeddedPostgres;

/// <summary>PostgreSQL's programs on this machine.</summary>
/// <param name="BinDirectory">The folder of <c>postgres</c> and <c>initdb</c>.</param>
/// <param name="MajorVersion">15 for PostgreSQL 15.14.</param>
public sealed partial record ServerInstallation(string BinDirectory, int MajorVersion)
{
    /// <summary>The oldest PostgreSQL the platform runs on.</summary>
    public const int OldestMajorVersion = 13;

    internal string Postgres => Program("postgres");

    internal string InitDb => Program("initdb");

    internal string PgCtl => Program("pg_ctl");

    /// <summary>Reads the major version of <c>postgres --version</c>; null when the text is something else.</summary>
    internal static int? MajorVersionOf(string versionText) =>
        VersionPattern().Match(versionText) is { Success: true } match
            ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
            : null;

    internal static string ProgramIn(string binDirectory, string name) =>
        Path.Combine(binDirectory, OperatingSystem.IsWindows() ? name + ".exe" : name);

    private string Program(string name) => ProgramIn(BinDirectory, name);

    [GeneratedRegex(@"^postgres \(PostgreSQL\) (\d+)")]
    private static partial Regex VersionPattern();
}
