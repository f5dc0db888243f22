using System.Globalization;

namespace Delivery.EmbeddedPostgres;

/// <summary>
/// The unprivileged account the server runs under when this process is root, since PostgreSQL refuses to run as root.
/// </summary>
internal sealed record ServiceAccount(string Name, uint UserId, uint GroupId)
{
    private static readonly string[] Candidates = ["postgres", "_postgres", "nobody", "daemon"];

    public static bool IsNeeded => !OperatingSystem.IsWindows() && Posix.EffectiveUserId() == 0;

    /// <summary>The account to use; null when this process is an ordinary user's.</summary>
    public static ServiceAccount? Choose() =>
        !IsNeeded
            ? null
            : Candidates.Select(Find).OfType<ServiceAccount>().FirstOrDefault()
                ?? throw new PostgresClusterException(
                    $"PostgreSQL does not run as root, and none of the accounts {string.Join(", ", Candidates)} exists. Add one (useradd --system postgres).");

    /// <summary>The command that runs <paramref name="command"/> under this account.</summary>
    public IReadOnlyList<string> Run(IReadOnlyList<string> command) =>
        OnPath("setpriv") ? ["setpriv", $"--reuid={UserId}", $"--regid={GroupId}", "--clear-groups", "--", .. command]
        : OnPath("runuser") ? ["runuser", "-u", Name, "--", .. command]
        : ["su", Name, "-s", "/bin/sh", "-c", "exec " + string.Join(' ', command.Select(Quote))];

    public void Own(string path) => Posix.ChangeOwner(path, UserId, GroupId);

    public async Task<bool> CanEnterAsync(string directory, CancellationToken cancellationToken) =>
        (await ProgramRun.RunAsync(Run(["test", "-x", directory]), standardInput: null, cancellationToken)).ExitCode == 0;

    internal static bool OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Any(folder => File.Exists(Path.Combine(folder, program)));

    private static string Quote(string argument) => $"'{argument.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    private static ServiceAccount? Find(string name) =>
        Id("-u", name) is { } user && Id("-g", name) is { } group && user != 0 ? new ServiceAccount(name, user, group) : null;

    private static uint? Id(string option, string name) =>
        ProgramRun.Run(["id", option, name]) is { ExitCode: 0 } answer
        && long.TryParse(answer.Output, CultureInfo.InvariantCulture, out var id)
            ? unchecked((uint)id)
            : null;
}
