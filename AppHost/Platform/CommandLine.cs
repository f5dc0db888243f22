using Delivery.EmbeddedPostgres;
using Microsoft.Extensions.Configuration;

namespace Delivery.AppHost.Platform;

/// <summary>What is decided before the platform is described: help, the database's own process, and options that can't work.</summary>
internal static class CommandLine
{
    private const int Refused = 2;

    /// <returns>The exit code; null when the platform is to be run.</returns>
    public static async Task<int?> TryEndEarlyAsync(string[] args) => args switch
    {
        ["--help" or "-h" or "-?", ..] => Say(Console.Out, PlatformOptions.HelpText, exitCode: 0),
        [EmbeddedPostgresProcess.CommandName, .. var rest] => await EmbeddedPostgresProcess.RunAsync(rest),
        _ => ReasonAgainst(args) is { } reason ? Say(Console.Error, reason, Refused) : null,
    };

    private static string? ReasonAgainst(string[] args)
    {
#if !USE_ASPIRE
        // A misspelt option would silently run something else; Aspire has options of its own.
        if (args.FirstOrDefault(PlatformOptions.IsUnknown) is { } unknown)
            return $"There is no option '{unknown}'.\n\n{PlatformOptions.HelpText}";
#endif
        try
        {
            var options = PlatformOptions.From(new ConfigurationBuilder().AddEnvironmentVariables().AddCommandLine(args).Build());
            if (options is { ConnectionString: null, DataDirectory: { } directory })
                PostgresCluster.EnsurePassword(directory);
            return null;
        }
        catch (Exception exception) when (exception is DistributedApplicationException or PostgresClusterException)
        {
            return exception.Message;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"The data can't be kept there: {exception.Message} Give --Postgres:DataDirectory=<a folder you can write to>.";
        }
    }

    private static int? Say(TextWriter writer, string text, int exitCode)
    {
        writer.WriteLine(text);
        return exitCode;
    }
}
