using System.Text.Json;
using Delivery.Evaluation;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Delivery.Client.Tests;

/// <summary>A client, the server's double, and a clock that the test moves.</summary>
internal sealed class Scenario : IAsyncDisposable
{
    internal static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    internal Scenario(Action<DeliveryClientOptions>? configure = null)
    {
        Options = new DeliveryClientOptions
        {
            ServerUrl = new Uri("http://delivery.test"),
            Key = "dlv_server-sdk_x",
            ApplicationName = "test",
            KeepRulesetOnDisk = false,
            // The steps of the clock outrun a busy machine; an answer must not seem late for it.
            RequestTimeout = TimeSpan.FromMinutes(5),
            CreateHandler = () => Server,
        };
        configure?.Invoke(Options);
        Client = new DeliveryClient(Options, Time, LoggerFactory.Create(builder => builder.SetMinimumLevel(LogLevel.Trace).AddProvider(Log)));
    }

    internal DeliveryClientOptions Options { get; }

    internal ServerDouble Server { get; } = new();

    internal FakeTimeProvider Time { get; } = new(Noon);

    internal LogBook Log { get; } = new();

    internal DeliveryClient Client { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Starts the client against a server that has a ruleset.</summary>
    internal async Task<StreamDouble> StartAsync(Ruleset ruleset)
    {
        var start = Client.StartAsync(Cancel);
        var stream = await Server.NextStreamAsync();
        await stream.SendAsync(ruleset);
        await start;
        return stream;
    }

    /// <summary>Moves the clock in small steps until something holds.</summary>
    internal async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
        {
            Cancel.ThrowIfCancellationRequested();
            Time.Advance(TimeSpan.FromMilliseconds(10));
            for (var i = 0; i < 50 && !holds(); i++)
                await Task.Yield();
        }
    }

    /// <summary>Moves the clock in small steps until a task is done.</summary>
    internal async Task UntilAsync(Task task)
    {
        await UntilAsync(() => task.IsCompleted);
        await task;
    }

    public async ValueTask DisposeAsync()
    {
        var disposed = Client.DisposeAsync().AsTask();
        await UntilAsync(disposed);
    }

    internal static Ruleset Ruleset(long sequence, params FlagDefinition[] flags) =>
        new() { Environment = "production", Sequence = sequence, Flags = flags };

    internal static FlagDefinition Flag(string key, FlagType type, string on, string off, Serve? serve = null, long version = 1, long sequence = 1) => new()
    {
        Key = key,
        Type = type,
        Enabled = true,
        OffVariant = "off",
        Variants = [new Variant { Key = "on", Value = Json(on) }, new Variant { Key = "off", Value = Json(off) }],
        Default = serve ?? new Serve.Variant("on"),
        Version = version,
        Sequence = sequence,
    };

    internal static FlagDefinition Boolean(string key = "new-checkout", bool killed = false, long version = 1, long sequence = 1) =>
        Flag(key, FlagType.Boolean, "true", "false", version: version, sequence: sequence) with { Killed = killed };

    internal static JsonElement Json(string json) => JsonSerializer.Deserialize<JsonElement>(json);
}

/// <summary>What was logged.</summary>
internal sealed class LogBook : ILoggerProvider, ILogger
{
    private readonly List<(LogLevel Level, int Id, string Text)> _entries = [];

    internal IReadOnlyList<string> Warnings => Of(LogLevel.Warning);

    internal IReadOnlyList<string> Of(LogLevel level)
    {
        lock (_entries)
            return [.. _entries.Where(entry => entry.Level == level).Select(entry => entry.Text)];
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_entries)
            _entries.Add((logLevel, eventId.Id, formatter(state, exception)));
    }

    public void Dispose()
    {
    }
}
