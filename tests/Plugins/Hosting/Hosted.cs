using Delivery.Plugins.Host;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Delivery.Plugins.Tests.Hosting;

/// <summary>A plugin host on a folder, as the server composes it.</summary>
internal sealed class Hosted : IAsyncDisposable
{
    private readonly IHost _host;

    private Hosted(IHost host) => _host = host;

    public PluginHost Plugins => _host.Services.GetRequiredService<PluginHost>();
    public PluginReport Report => _host.Services.GetRequiredService<PluginReport>();
    public RouteSteering Steering => _host.Services.GetRequiredService<RouteSteering>();
    public LinesLogged Logged => _host.Services.GetRequiredService<LinesLogged>();

    /// <summary>Starts; settings are under <c>Delivery:Plugins:</c>.</summary>
    public static Task<Hosted> StartAsync(PluginFolder folder, params (string Key, string Value)[] settings) => StartAsync(folder, TimeProvider.System, settings);

    /// <summary>The same with a clock of the test's.</summary>
    public static async Task<Hosted> StartAsync(PluginFolder folder, TimeProvider time, params (string Key, string Value)[] settings)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(settings.Append(("Folder", folder.Root)).Select(s => KeyValuePair.Create($"Delivery:Plugins:{s.Item1}", (string?)s.Item2)));
        builder.Services.AddSingleton(time);
        builder.Services.AddSingleton<LinesLogged>();
        builder.Services.AddSingleton<ILoggerProvider>(s => s.GetRequiredService<LinesLogged>());
        builder.AddPlugins();
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return new Hosted(host);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        _host.Dispose();
    }
}

/// <summary>What was logged.</summary>
internal sealed class LinesLogged : ILoggerProvider, ILogger
{
    private readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();

    public IReadOnlyCollection<string> Lines => _lines;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue($"{formatter(state, exception)} {exception}");

    public void Dispose()
    {
    }
}
