using Microsoft.Extensions.Hosting;

namespace Delivery.AppHost.Platform;

/// <summary>Once all resources are healthy: says where everything is, and writes the state file; removes it at the end.</summary>
internal sealed class ReadyAnnouncement(
    PlatformOptions options, DistributedApplicationModel model, ResourceNotificationService notifications) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A killed run may have left one, with addresses that are no more.
        DeleteStateFile();
        try
        {
            foreach (var resource in model.Resources.Where(resource => resource is IResourceWithWaitSupport))
                await notifications.WaitForResourceHealthyAsync(resource.Name, stoppingToken);
        }
        catch (DistributedApplicationException)
        {
            // The resource's output has said why, and the run is over.
            return;
        }

        var state = await PlatformState.ReadAsync(model, options.AdminKey, stoppingToken);
        if (options.StateFile is { } file)
            state.WriteTo(file);
        Console.WriteLine(Banner(state));
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        DeleteStateFile();
        await base.StopAsync(cancellationToken);
    }

    private void DeleteStateFile()
    {
        if (options.StateFile is { } file && File.Exists(file))
            File.Delete(file);
    }

    private string Banner(PlatformState state)
    {
        var server = state.Resources["server"].Url;
        var data = options switch
        {
            { ConnectionString: not null } => "in the PostgreSQL that was given",
            { DataDirectory: { } directory } => directory,
            _ => "temporary, deleted at the end",
        };
        return $"""

            Delivery is ready.
              Console         {server}/
              API             {server}/api/v1
              API reference   {server}/scalar
              Data            {data}
              Admin key       {state.AdminKey}
              Stop            Ctrl-C

            """;
    }
}
