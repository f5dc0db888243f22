using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Delivery.Targeting.Live;

/// <summary>
/// Hears of other servers' commits (PostgreSQL's LISTEN) and catches up at once. An announcement can be lost with a connection,
/// so it catches up after every connect, and every ten seconds without a word.
/// </summary>
internal sealed partial class AnnouncedCommits(
    NpgsqlDataSource database, CatchUp catchUp, LiveRulesets live, TimeProvider time, ILogger<AnnouncedCommits> logger) : BackgroundService
{
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogLost(e);
                await Task.WhenAny(Task.Delay(Pause, time, stoppingToken));
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var isAnnounced = true;
        connection.Notification += (_, announced) => isAnnounced |= announced.Payload != live.Server;
        await using (var listen = new NpgsqlCommand($"LISTEN {ConfigurationLock.Channel}", connection))
            await listen.ExecuteNonQueryAsync(cancellationToken);
        while (true)
        {
            if (isAnnounced)
            {
                isAnnounced = false;
                await catchUp.RunAsync(cancellationToken);
            }

            if (await connection.WaitAsync(LongestSilence, cancellationToken))
                continue;
            isAnnounced = true;
            // Shows whether the other end is still there.
            await using var ping = new NpgsqlCommand("SELECT 1", connection);
            await ping.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    [LoggerMessage(1010, LogLevel.Warning, "Other servers' changes are not heard at present; a new connection is tried.")]
    private partial void LogLost(Exception exception);
}
