namespace Delivery.AppHost.Platform;

/// <summary>What this program does besides running the platform: explain itself, and be the process of the embedded database.</summary>
internal static class SideCommand
{
    /// <returns>The exit code; null when the platform is to be run.</returns>
    public static async Task<int?> TryRunAsync(string[] args)
    {
        switch (args)
        {
            case ["--help" or "-h" or "-?", ..]:
                Console.WriteLine(PlatformOptions.HelpText);
                return 0;
            case [EmbeddedPostgresProcess.CommandName, .. var rest]:
                return await EmbeddedPostgresProcess.RunAsync(rest);
            default:
                return null;
        }
    }
}
