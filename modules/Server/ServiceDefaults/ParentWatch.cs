using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Delivery.ServiceDefaults;

/// <summary>Stops the service when the process that started it has ended, however that ended.</summary>
internal sealed partial class ParentWatch(
    IConfiguration configuration, IHostApplicationLifetime lifetime, ILogger<ParentWatch> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (ProcessIdentity.Parse(configuration[ProcessIdentity.ParentVariable]) is not { } parent)
            return;
        // A stop during the start would look like a failed start.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
        await parent.WaitForEndAsync(TimeProvider.System, stoppingToken);
        LogParentEnded(parent.Id);
        lifetime.StopApplication();
    }

    [LoggerMessage(90, LogLevel.Warning, "Process {ProcessId}, which started this service, has ended; stopping")]
    private partial void LogParentEnded(int processId);
}
