namespace Delivery.Shop.Demo;

/// <summary>A server that restarts in the middle is part of the show: tries until it is back.</summary>
internal sealed partial class Persistence(TimeProvider time, ILogger<Persistence> logger)
{
    internal static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    internal async Task UntilDoneAsync(Func<Task> step, CancellationToken stoppingToken)
    {
        for (var told = false; ; told = true)
        {
            try
            {
                await step();
                return;
            }
            catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException && !stoppingToken.IsCancellationRequested)
            {
                if (!told)
                    LogRetry(fault.Message);
                await Task.Delay(Look, time, stoppingToken);
            }
        }
    }

    [LoggerMessage(20, LogLevel.Warning, "The demo waits for the server: {Reason}")]
    private partial void LogRetry(string reason);
}
