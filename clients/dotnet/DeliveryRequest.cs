using System.Text.Json;
using Delivery.Client.Reporting;
using Delivery.Evaluation;

namespace Delivery.Client;

/// <summary>
/// One request: all its evaluations see the configuration it began with, each flag is one exposure however often it is
/// asked for, and its events carry the flags it met. Safe for the request's own parallel work.
/// </summary>
public sealed class DeliveryRequest : IDisposable
{
    private readonly DeliveryClient _client;
    private readonly Snapshot? _snapshot;
    private readonly string _name;
    private readonly long _began;
    private readonly Lock _gate = new();
    private readonly List<ServedFlag> _served = [];
    private bool _completed;

    internal DeliveryRequest(DeliveryClient client, Snapshot? snapshot, EvaluationContext context, string name)
    {
        _client = client;
        _snapshot = snapshot;
        Context = context;
        _name = name;
        _began = client.Time.GetTimestamp();
    }

    /// <summary>Who the request is for.</summary>
    public EvaluationContext Context { get; }

    /// <summary>Evaluates a boolean flag; the first time in this request it records the exposure.</summary>
    /// <param name="flag">The flag's key.</param>
    /// <param name="defaultValue">What to give on any error.</param>
    /// <returns>The value.</returns>
    public bool EvaluateBoolean(string flag, bool defaultValue) => EvaluateBooleanDetails(flag, defaultValue).Value;

    /// <summary>Evaluates a string flag; the first time in this request it records the exposure.</summary>
    /// <inheritdoc cref="EvaluateBoolean" path="/param"/>
    /// <returns>The value.</returns>
    public string EvaluateString(string flag, string defaultValue) => EvaluateStringDetails(flag, defaultValue).Value;

    /// <summary>Evaluates a number flag; the first time in this request it records the exposure.</summary>
    /// <inheritdoc cref="EvaluateBoolean" path="/param"/>
    /// <returns>The value.</returns>
    public double EvaluateNumber(string flag, double defaultValue) => EvaluateNumberDetails(flag, defaultValue).Value;

    /// <summary>Evaluates an object flag; the first time in this request it records the exposure.</summary>
    /// <inheritdoc cref="EvaluateBoolean" path="/param"/>
    /// <returns>The value.</returns>
    public JsonElement EvaluateObject(string flag, JsonElement defaultValue) => EvaluateObjectDetails(flag, defaultValue).Value;

    /// <summary>As <see cref="EvaluateBoolean"/>, with why.</summary>
    /// <inheritdoc cref="EvaluateBoolean" path="/param"/>
    /// <returns>The value and why.</returns>
    public FlagDetails<bool> EvaluateBooleanDetails(string flag, bool defaultValue)
    {
        var error = Evaluate(flag, FlagType.Boolean, out var result);
        return _client.Details(error == FlagError.None ? result.AsBoolean(defaultValue) : defaultValue, error, result);
    }

    /// <summary>As <see cref="EvaluateString"/>, with why.</summary>
    /// <inheritdoc cref="EvaluateBoolean" path="/param"/>
    /// <returns>The value and why.</returns>
    public FlagDetails<string> EvaluateStringDetails(string flag, string defaultValue)
    {
        var error = Evaluate(flag, FlagType.String, out var result);
        return _client.Details(error == FlagError.None ? result.AsString(defaultValue) : defaultValue, error, result);
    }

    /// <summary>As <see cref="EvaluateNumber"/>, with why.</summary>
    /// <inheritdoc cref="EvaluateBoolean" path="/param"/>
    /// <returns>The value and why.</returns>
    public FlagDetails<double> EvaluateNumberDetails(string flag, double defaultValue)
    {
        var error = Evaluate(flag, FlagType.Number, out var result);
        return _client.Details(error == FlagError.None ? result.AsNumber(defaultValue) : defaultValue, error, result);
    }

    /// <summary>As <see cref="EvaluateObject"/>, with why.</summary>
    /// <inheritdoc cref="EvaluateBoolean" path="/param"/>
    /// <returns>The value and why.</returns>
    public FlagDetails<JsonElement> EvaluateObjectDetails(string flag, JsonElement defaultValue)
    {
        var error = Evaluate(flag, FlagType.Object, out var result);
        return _client.Details(error == FlagError.None ? result.Value : defaultValue, error, result);
    }

    /// <summary>Records a metric event with the flags met so far, such as a conversion.</summary>
    /// <param name="name">The event's name, such as <c>order</c>.</param>
    /// <param name="value">A number, exact to six decimals.</param>
    /// <param name="properties">What else to keep.</param>
    public void Track(string name, decimal? value = null, IReadOnlyDictionary<string, string>? properties = null) =>
        Record(name, value, duration: null, error: null, properties);

    /// <summary>Ends the request and sends its event, with the time since it began. A second call does nothing.</summary>
    /// <param name="error">Whether the request failed.</param>
    public void Complete(bool error) => Complete(_client.Time.GetElapsedTime(_began), error);

    /// <summary>Ends the request and sends its event. A request that met no flag sends none. A second call does nothing.</summary>
    /// <param name="duration">How long it took.</param>
    /// <param name="error">Whether it failed.</param>
    /// <param name="properties">What else to keep, such as the route.</param>
    public void Complete(TimeSpan duration, bool error, IReadOnlyDictionary<string, string>? properties = null)
    {
        lock (_gate)
        {
            if (_completed)
                return;
            _completed = true;
            if (_served.Count == 0)
                return;
        }

        Record(_name, value: null, duration, error, properties);
    }

    /// <summary>Ends the request without an event if it was not completed: nobody said how it went.</summary>
    public void Dispose()
    {
        lock (_gate)
            _completed = true;
    }

    private FlagError Evaluate(string flag, FlagType type, out EvaluationResult result)
    {
        lock (_gate)
        {
            var first = !Met(flag);
            var error = _client.Evaluate(_snapshot, flag, Context, type, out result, expose: first);
            if (first && error == FlagError.None)
                _served.Add(new ServedFlag(flag, result.VariantKey!, result.FlagVersion));
            return error;
        }
    }

    private bool Met(string flag)
    {
        foreach (var served in _served)
        {
            if (served.Flag == flag)
                return true;
        }

        return false;
    }

    private void Record(string name, decimal? value, TimeSpan? duration, bool? error, IReadOnlyDictionary<string, string>? properties)
    {
        ServedFlag[] flags;
        lock (_gate)
            flags = [.. _served];
        if (Context.TargetingKey is not { } unit)
        {
            _client.Track(name, unit: null);
            return;
        }

        _client.Record(new EventRecord
        {
            Name = name,
            Unit = unit,
            Value = value,
            Duration = duration,
            Error = error,
            Properties = properties,
            Flags = flags,
            Time = _client.Time.GetUtcNow(),
        });
    }
}
