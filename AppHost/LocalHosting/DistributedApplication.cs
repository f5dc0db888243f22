using Aspire.Hosting.ApplicationModel;
using Delivery.LocalHosting.Running;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>The platform on this machine, run by the local runner.</summary>
public sealed class DistributedApplication : IHost, IAsyncDisposable
{
    private readonly IHost _host;
    private readonly EntryPointRun? _entryPoint;
    private bool _disposed;

    internal DistributedApplication(IHost host, EntryPointRun? entryPoint)
    {
        _host = host;
        _entryPoint = entryPoint;
    }

    public IServiceProvider Services => _host.Services;

    public ResourceNotificationService ResourceNotifications => Services.GetRequiredService<ResourceNotificationService>();

    public static IDistributedApplicationBuilder CreateBuilder(string[] args) =>
        new DistributedApplicationBuilder(args, EntryPointRun.Current);

    /// <summary>Begins to start the resources; wait for one with <see cref="ResourceNotifications"/>.</summary>
    public Task StartAsync(CancellationToken cancellationToken = default) => _host.StartAsync(cancellationToken);

    /// <summary>Stops the resources in reverse order.</summary>
    public Task StopAsync(CancellationToken cancellationToken = default) => _host.StopAsync(cancellationToken);

    /// <summary>Runs until Ctrl-C, SIGTERM or a resource that fails to start.</summary>
    public async Task RunAsync(CancellationToken cancellationToken = default)
    {
        // A test starts, stops and disposes the application itself; the entry point only waits for it.
        if (_entryPoint is not null)
        {
            await _entryPoint.Ended;
            return;
        }

        await using (this)
        {
            await StartAsync(cancellationToken);
            await this.WaitForShutdownAsync(cancellationToken);
        }
    }

    public void Run() => RunAsync().GetAwaiter().GetResult();

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        try
        {
            // A test that only disposes leaves no process behind.
            await Services.GetRequiredService<IEnumerable<IHostedService>>().OfType<LocalRunner>().Single().StopAsync(CancellationToken.None);
            if (_host is IAsyncDisposable host)
                await host.DisposeAsync();
        }
        finally
        {
            _entryPoint?.End();
        }
    }
}
