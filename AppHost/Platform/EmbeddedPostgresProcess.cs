using System.Globalization;
using System.Runtime.InteropServices;
using Delivery.EmbeddedPostgres;
using Delivery.ServiceDefaults;

namespace Delivery.AppHost.Platform;

/// <summary>
/// The process of the resource <c>postgres</c>: runs the cluster in the foreground and its output through. SIGTERM
/// becomes a fast shutdown. Ctrl-C is ignored: the database is stopped last, by who runs the resources.
/// </summary>
internal static class EmbeddedPostgresProcess
{
    public const string CommandName = "embedded-postgres";
    public const string PasswordVariable = "DELIVERY_POSTGRES_PASSWORD";
    private const string Temporary = "temporary";

    public static string[] Arguments(string? dataDirectory, int port, string database) =>
        [CommandName, dataDirectory ?? Temporary, port.ToString(CultureInfo.InvariantCulture), database];

    public static async Task<int> RunAsync(string[] arguments)
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            stop.Cancel();
        });
        try
        {
            return await RunAsync(arguments, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 0;
        }
        catch (PostgresClusterException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }
    }

    private static async Task<int> RunAsync(string[] arguments, CancellationTokenSource stop)
    {
        if (arguments is not [var directory, var port, var database])
            throw new PostgresClusterException($"usage: {CommandName} <data directory|{Temporary}> <port> <database>");
        await using var cluster = await PostgresCluster.StartAsync(
            new PostgresClusterOptions
            {
                Ephemeral = directory == Temporary,
                DataDirectory = directory,
                Port = int.Parse(port, CultureInfo.InvariantCulture),
                Password = Environment.GetEnvironmentVariable(PasswordVariable),
                Output = Console.WriteLine,
            },
            stop.Token);
        await cluster.EnsureDatabaseAsync(database, stop.Token);

        var ended = cluster.WaitForExitAsync(stop.Token);
        if (await Task.WhenAny(ended, ParentEndedAsync(stop.Token)) == ended && !stop.IsCancellationRequested)
            throw new PostgresClusterException("PostgreSQL ended by itself.");
        return 0;
    }

    private static Task ParentEndedAsync(CancellationToken cancellationToken) =>
        ProcessIdentity.Parse(Environment.GetEnvironmentVariable(ProcessIdentity.ParentVariable)) is { } parent
            ? parent.WaitForEndAsync(TimeProvider.System, cancellationToken)
            : Task.Delay(Timeout.Infinite, cancellationToken);
}
