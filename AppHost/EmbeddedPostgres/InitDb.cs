namespace Delivery.EmbeddedPostgres;

/// <summary>Makes a data directory. It appears under its name only when complete, so a killed run leaves none half made.</summary>
internal static class InitDb
{
    public const string Superuser = "postgres";

    public static async Task RunAsync(
        ClusterDirectory directory, ServerInstallation server, ServiceAccount? account, PostgresClusterOptions options, CancellationToken cancellationToken)
    {
        if (Directory.Exists(directory.Path) && Directory.EnumerateFileSystemEntries(directory.Path).Any())
            throw new PostgresClusterException($"{directory.Path} is not empty and is no data directory of PostgreSQL. Give another one.");

        var unfinished = directory.Path + ".new";
        var passwordForInit = directory.Path + ".initdb-password";
        await EnsureEnterableAsync(directory, account, cancellationToken);
        Remove(unfinished);
        File.Delete(passwordForInit);
        try
        {
            Directory.CreateDirectory(unfinished);
            ClusterDirectory.WriteSecret(passwordForInit, directory.SettlePassword(options.Password));
            account?.Own(unfinished);
            account?.Own(passwordForInit);
            await MakeAsync(unfinished, passwordForInit, server, account, sync: !options.FastUnsafe, cancellationToken);
            if (Directory.Exists(directory.Path))
                Directory.Delete(directory.Path);
            Directory.Move(unfinished, directory.Path);
        }
        finally
        {
            File.Delete(passwordForInit);
            Remove(unfinished);
        }
    }

    private static async Task MakeAsync(
        string target, string passwordFile, ServerInstallation server, ServiceAccount? account, bool sync, CancellationToken cancellationToken)
    {
        var first = await AttemptAsync("C.UTF-8");
        var last = first.ExitCode != 0 && first.Error.Contains("locale", StringComparison.Ordinal) ? await AttemptAsync("C") : first;
        if (last.ExitCode != 0)
            throw new PostgresClusterException($"initdb failed ({server.InitDb}):\n{last.Error.Trim()}");

        Task<ProgramRun> AttemptAsync(string locale)
        {
            List<string> command =
            [
                server.InitDb, "-D", target, "-U", Superuser, $"--pwfile={passwordFile}", "--auth=scram-sha-256",
                "--encoding=UTF8", $"--locale={locale}", "--no-instructions",
            ];
            if (!sync)
                command.Add("--no-sync");
            return ProgramRun.RunAsync(account?.Run(command) ?? command, standardInput: null, cancellationToken);
        }
    }

    private static async Task EnsureEnterableAsync(ClusterDirectory directory, ServiceAccount? account, CancellationToken cancellationToken)
    {
        var parent = Path.GetDirectoryName(directory.Path)!;
        if (account is not null && !await account.CanEnterAsync(parent, cancellationToken))
            throw new PostgresClusterException(
                $"As root, PostgreSQL runs under the account {account.Name}, which can't enter {parent}. Give a data directory it can reach, such as /var/lib/delivery/postgres.");
    }

    private static void Remove(string directory)
    {
        if (Directory.Exists(directory))
            Directory.Delete(directory, recursive: true);
    }
}
