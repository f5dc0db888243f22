using System.Collections.Frozen;
using System.Collections.Immutable;
using Delivery.Plugins.Measuring;
using Delivery.Plugins.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Delivery.Plugins.Host;

/// <summary>
/// The plugins of this server and their instances. What can't be taken fails the start when this is made. Ports are made at the start,
/// and again with growing waits while a plugin can't make its own.
/// </summary>
public sealed partial class PluginHost : BackgroundService
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    private readonly FrozenDictionary<string, PluginInstance> _instances;
    private readonly TimeProvider _time;
    private readonly ILogger<PluginHost> _logger;

    internal PluginHost(IEnumerable<InstalledPlugin> installed, IEnumerable<PluginInstance> instances, TimeProvider time, ILogger<PluginHost> logger)
    {
        Installed = [.. installed];
        _instances = instances.ToFrozenDictionary(i => i.Name);
        (_time, _logger) = (time, logger);
        StrayExceptions.Watch(this, _instances.Values);
    }

    /// <summary>The plugins whose folders were found, with or without an instance.</summary>
    public ImmutableArray<InstalledPlugin> Installed { get; }

    /// <summary>The names of the instances that are routers.</summary>
    public IEnumerable<string> Routers => Named(PluginKinds.Router);

    /// <summary>The names of the instances that are metric sources.</summary>
    public IEnumerable<string> Sources => Named(PluginKinds.MetricSource);

    internal IEnumerable<PluginInstance> Instances => _instances.Values.OrderBy(i => i.Name, StringComparer.Ordinal);

    /// <summary>A router by its instance's name, behind the guard; null when there is none or it is not made.</summary>
    public ITrafficRouter? Router(string instance) => _instances.GetValueOrDefault(instance)?.Router;

    /// <summary>A metric source by its instance's name, behind the guard; null when there is none or it is not made.</summary>
    public IMetricSource? Source(string instance) => _instances.GetValueOrDefault(instance)?.Source;

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(_instances.Values.Select(i => MakeAsync(i, cancellationToken)));
        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        StrayExceptions.Forget(this);
        await Task.WhenAll(_instances.Values.Select(i => i.DisposeAsync().AsTask()));
    }

    internal PluginInstance? Instance(string name) => _instances.GetValueOrDefault(name);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var wait = TimeSpan.FromSeconds(1);
        while (_instances.Values.Any(i => !i.IsMade))
        {
            await Task.Delay(wait, _time, stoppingToken);
            await Task.WhenAll(_instances.Values.Where(i => !i.IsMade).Select(i => MakeAsync(i, stoppingToken)));
            wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
        }
    }

    private IEnumerable<string> Named(string kind) => Instances.Where(i => i.Plugin.Manifest.Kind == kind).Select(i => i.Name);

    private async Task MakeAsync(PluginInstance instance, CancellationToken cancellationToken)
    {
        if (await instance.MakeAsync(cancellationToken) is { } error)
            LogNotMade(instance.Name, instance.Plugin.Manifest.Name, error.Message);
        else
            LogMade(instance.Name, instance.Plugin.Manifest.Name, instance.Plugin.Version);
    }

    [LoggerMessage(7000, LogLevel.Information, "Plugin instance {Instance}: {Plugin} {Version} is there")]
    private partial void LogMade(string instance, string plugin, string version);

    [LoggerMessage(7001, LogLevel.Error, "Plugin instance {Instance}: {Plugin} can't be used, it is tried again: {Reason}")]
    private partial void LogNotMade(string instance, string plugin, string reason);
}
