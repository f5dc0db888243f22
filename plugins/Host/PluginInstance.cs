using System.Text.Json.Nodes;
using Delivery.Plugins.Measuring;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Host;

/// <summary>A plugin with options: its port behind the guard, once it is made, and how it does.</summary>
internal sealed class PluginInstance : IAsyncDisposable
{
    private readonly object _options;
    private readonly PluginContext _context;
    private readonly Guard _guard;
    private readonly Redaction _redaction;
    private readonly Deadlines _deadlines;
    private object? _port;

    public PluginInstance(InstalledPlugin plugin, object options, PluginContext context, JsonNode? configuration, Redaction redaction, PluginHostOptions host)
    {
        (Plugin, _options, _context, Configuration, _redaction) = (plugin, options, context, configuration, redaction);
        _deadlines = Deadlines.Of(host);
        Health = new PluginHealth(context.Time);
        _guard = new Guard(Health, redaction, context.Time, host.MostCalls, TimeSpan.FromSeconds(host.GraceSeconds));
    }

    public string Name => _context.Instance;
    public InstalledPlugin Plugin { get; }
    public PluginHealth Health { get; }

    /// <summary>As people may see it.</summary>
    public JsonNode? Configuration { get; }

    public GuardedRouter? Router { get; private set; }
    public IMetricSource? Source { get; private set; }
    public INotificationChannel? Channel { get; private set; }
    public bool IsMade => _port is not null;

    /// <summary>Makes the port; gives why not.</summary>
    public async Task<PluginError?> MakeAsync(CancellationToken cancellationToken)
    {
        var (port, error) = await _guard.CallAsync(
            "create", CallKind.Read, _deadlines.Create, ct => Plugin.Entry.CreateAsync(_options, _context, ct), cancellationToken);
        error ??= await TakeAsync(port!, cancellationToken);
        if (error is not null)
            Health.NotMade(error.Message);
        return error;
    }

    public void ThrewAlone(Exception thrown) =>
        Health.ThrewAlone(_redaction.Of($"threw outside of any call: {thrown.GetType().Name}: {thrown.Message}"));

    public async ValueTask DisposeAsync()
    {
        if (_port is null)
            return;
        await _guard.CallAsync("dispose", CallKind.Abort, _deadlines.Create, DisposePortAsync, CancellationToken.None);
    }

    private async Task<PluginError?> TakeAsync(object port, CancellationToken cancellationToken)
    {
        PluginError? error;
        switch (port)
        {
            case ITrafficRouter router when Plugin.Manifest.Kind == PluginKinds.Router:
                (var routes, error) = await DescribeAsync(() => router.Descriptor, cancellationToken);
                Router = routes is null ? null : new GuardedRouter(router, routes, _guard, Health, _redaction, _deadlines);
                break;
            case IMetricSource source when Plugin.Manifest.Kind == PluginKinds.MetricSource:
                (var metrics, error) = await DescribeAsync(() => source.Descriptor, cancellationToken);
                Source = metrics is null ? null : new GuardedMetricSource(source, metrics, _guard, Health, _redaction, _deadlines);
                break;
            case INotificationChannel channel when Plugin.Manifest.Kind == PluginKinds.Channel:
                (var kind, error) = await DescribeAsync(() => channel.Kind, cancellationToken);
                Channel = kind is null ? null : new GuardedChannel(channel, kind, _guard, Health, _redaction, _deadlines);
                break;
            default:
                error = new PluginError(PluginErrorKind.Internal, $"the plugin made a {port.GetType().Name}, which is no {Plugin.Manifest.Kind}");
                break;
        }

        if (error is null)
        {
            _port = port;
            Health.Ready();
        }

        return error;
    }

    private ValueTask<(T? Value, PluginError? Error)> DescribeAsync<T>(Func<T> describe, CancellationToken cancellationToken)
        where T : class =>
        _guard.CallAsync("describe", CallKind.Read, _deadlines.Create, _ => ValueTask.FromResult(describe()), cancellationToken);

    private async ValueTask<object> DisposePortAsync(CancellationToken cancellationToken)
    {
        if (_port is IAsyncDisposable asynchronous)
            await asynchronous.DisposeAsync();
        else if (_port is IDisposable disposable)
            disposable.Dispose();
        return this;
    }
}
