using System.ComponentModel.DataAnnotations;
using Delivery.Client.Reporting;
using Delivery.Client.Rulesets;
using Delivery.Evaluation;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Delivery.Client;

/// <summary>
/// Evaluates flags in this process from a ruleset that the server streams, and reports who met what. One per process;
/// safe for any number of threads.
/// </summary>
/// <remarks>
/// Evaluating never waits, never throws and, for boolean and string flags, allocates nothing, its exposure included.
/// Call <see cref="StartAsync"/> before the first evaluation; until a ruleset is there, evaluations give default values
/// with <see cref="FlagError.NotReady"/>.
/// </remarks>
public sealed partial class DeliveryClient : IAsyncDisposable
{
    private readonly ServedRuleset _served = new();
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Connection? _connection;
    private long _withoutUnit;
    private long _faults;

    /// <summary>Makes a client; nothing is sent before <see cref="StartAsync"/>.</summary>
    /// <param name="options">The options, valid by their annotations.</param>
    /// <param name="time">The clock. Null: the machine's.</param>
    /// <param name="loggers">Where it logs. Null: nowhere.</param>
    /// <exception cref="ValidationException">An option is missing or out of its range.</exception>
    public DeliveryClient(DeliveryClientOptions options, TimeProvider? time = null, ILoggerFactory? loggers = null)
        : this(time, loggers)
    {
        Validator.ValidateObject(
            options, new ValidationContext(options), validateAllProperties: true);
        _connection = new Connection(options, _served, _time, _logger);
        Meter = new ClientMeter(this, _connection);
    }

    private DeliveryClient(TimeProvider? time, ILoggerFactory? loggers)
    {
        _time = time ?? TimeProvider.System;
        _logger = (loggers ?? NullLoggerFactory.Instance).CreateLogger<DeliveryClient>();
        _served.Changed = TellChange;
    }

    /// <summary>
    /// Another configuration is in use from now on. Raised on the stream's thread, so be brief; what a listener throws is
    /// logged.
    /// </summary>
    public event EventHandler? RulesetChanged;

    /// <summary>Where the configuration in use comes from, and how fresh it is.</summary>
    public ClientStatus Status => new(
        _served.Origin, _served.Snapshot?.Environment, _served.Sequence, _served.Connected, _connection?.Stream.CurrentAsOf);

    /// <summary>What was recorded and will never be reported.</summary>
    public ClientLosses Losses => _connection is { } c
        ? new ClientLosses(c.Exposures.Tally.Losses, c.Events.Tally.Losses)
        : new ClientLosses(new LossCount(0, 0, 0), new LossCount(0, 0, 0));

    /// <summary>Evaluations that recorded no exposure because the context names no unit.</summary>
    internal long WithoutUnit => Volatile.Read(ref _withoutUnit);

    /// <summary>Evaluations in which the engine threw.</summary>
    internal long Faults => Volatile.Read(ref _faults);

    internal TimeProvider Time => _time;

    internal Snapshot? Snapshot => _served.Snapshot;

    internal ServedRuleset Served => _served;

    internal Connection? Connection => _connection;

    private ClientMeter? Meter { get; }

    /// <summary>A client that evaluates a given ruleset and talks to nobody, for tests and tools.</summary>
    /// <param name="ruleset">The ruleset.</param>
    /// <param name="time">The clock. Null: the machine's.</param>
    /// <returns>The client; it needs no start.</returns>
    public static DeliveryClient Offline(Ruleset ruleset, TimeProvider? time = null)
    {
        var client = new DeliveryClient(time, loggers: null);
        client._served.TryReplace(ruleset, RulesetOrigin.Fixed);
        client._served.Connected = true;
        return client;
    }

    /// <summary>
    /// Loads the last known ruleset from disk, connects, and waits for the first ruleset from the server: at the most
    /// <see cref="DeliveryClientOptions.StartTimeout"/>, and not at all once a connection failed. Never throws for want
    /// of a server.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait, not the client.</param>
    public Task StartAsync(CancellationToken cancellationToken = default) => _connection?.StartAsync(cancellationToken) ?? Task.CompletedTask;

    /// <summary>Waits until everything recorded before the call is acknowledged, or counted as lost.</summary>
    /// <param name="cancellationToken">Ends the wait; what is queued stays queued.</param>
    public Task FlushAsync(CancellationToken cancellationToken = default) => _connection?.FlushAsync(cancellationToken) ?? Task.CompletedTask;

    /// <summary>
    /// Reports what is queued, at the most for <see cref="DeliveryClientOptions.ShutdownTimeout"/>, and disconnects. What
    /// is then unreported is in <see cref="Losses"/>.
    /// </summary>
    /// <param name="cancellationToken">Brings the deadline forward.</param>
    public Task StopAsync(CancellationToken cancellationToken = default) => _connection?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    /// <summary>Stops, if that was not done yet.</summary>
    public async ValueTask DisposeAsync()
    {
        Meter?.Dispose();
        if (_connection is not null)
            await _connection.DisposeAsync();
    }

    /// <summary>Starts the scope of one request: it sees one configuration from begin to end, and its events carry the flags it met.</summary>
    /// <param name="context">Who the request is for.</param>
    /// <param name="name">Name of the event that <see cref="DeliveryRequest.Complete(bool)"/> sends. Default <c>request</c>.</param>
    /// <returns>The scope; dispose of it at the end.</returns>
    public DeliveryRequest BeginRequest(EvaluationContext? context, string name = "request") =>
        new(this, _served.Snapshot, context ?? EvaluationContext.Empty, name);

    /// <summary>Records a metric event that belongs to no request. Without a unit it is not recorded.</summary>
    /// <param name="name">The event's name, such as <c>order</c>.</param>
    /// <param name="unit">Whose event it is: the targeting key.</param>
    /// <param name="value">A number, exact to six decimals.</param>
    /// <param name="properties">What else to keep.</param>
    public void Track(string name, string? unit, decimal? value = null, IReadOnlyDictionary<string, string>? properties = null)
    {
        if (string.IsNullOrEmpty(unit))
            Interlocked.Increment(ref _withoutUnit);
        else
            Record(new EventRecord { Name = name, Unit = unit, Value = value, Properties = properties, Time = _time.GetUtcNow() });
    }

    internal void Record(in EventRecord record) => _connection?.Events.Record(record);

    private void TellChange()
    {
        try
        {
            RulesetChanged?.Invoke(this, EventArgs.Empty);
        }
        catch (Exception fault)
        {
            LogListener(fault);
        }
    }

    [LoggerMessage(9031, LogLevel.Error, "A listener of RulesetChanged threw")]
    private partial void LogListener(Exception fault);
}
