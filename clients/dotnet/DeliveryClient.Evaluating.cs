using System.Text.Json;
using Delivery.Client.Reporting;
using Delivery.Evaluation;
using Microsoft.Extensions.Logging;

namespace Delivery.Client;

public sealed partial class DeliveryClient
{
    /// <summary>Evaluates a boolean flag and records the exposure.</summary>
    /// <param name="flag">The flag's key.</param>
    /// <param name="context">Who it is for.</param>
    /// <param name="defaultValue">What to give on any error.</param>
    /// <returns>The value.</returns>
    public bool EvaluateBoolean(string flag, EvaluationContext? context, bool defaultValue) =>
        Evaluate(_served.Snapshot, flag, context, FlagType.Boolean, out var result) == FlagError.None ? result.AsBoolean(defaultValue) : defaultValue;

    /// <summary>Evaluates a string flag and records the exposure.</summary>
    /// <inheritdoc cref="EvaluateBoolean" path="/param"/>
    /// <returns>The value.</returns>
    public string EvaluateString(string flag, EvaluationContext? context, string defaultValue) =>
        Evaluate(_served.Snapshot, flag, context, FlagType.String, out var result) == FlagError.None ? result.AsString(defaultValue) : defaultValue;

    /// <summary>Evaluates a number flag and records the exposure.</summary>
    /// <inheritdoc cref="EvaluateBoolean" path="/param"/>
    /// <returns>The value.</returns>
    public double EvaluateNumber(string flag, EvaluationContext? context, double defaultValue) =>
        Evaluate(_served.Snapshot, flag, context, FlagType.Number, out var result) == FlagError.None ? result.AsNumber(defaultValue) : defaultValue;

    /// <summary>Evaluates an object flag and records the exposure.</summary>
    /// <inheritdoc cref="EvaluateBoolean" path="/param"/>
    /// <returns>The value.</returns>
    public JsonElement EvaluateObject(string flag, EvaluationContext? context, JsonElement defaultValue) =>
        Evaluate(_served.Snapshot, flag, context, FlagType.Object, out var result) == FlagError.None ? result.Value : defaultValue;

    /// <summary>As <see cref="EvaluateBoolean"/>, with why.</summary>
    /// <inheritdoc cref="EvaluateBoolean" path="/param"/>
    /// <returns>The value and why.</returns>
    public FlagDetails<bool> EvaluateBooleanDetails(string flag, EvaluationContext? context, bool defaultValue)
    {
        var error = Evaluate(_served.Snapshot, flag, context, FlagType.Boolean, out var result);
        return Details(error == FlagError.None ? result.AsBoolean(defaultValue) : defaultValue, error, result);
    }

    /// <summary>As <see cref="EvaluateString"/>, with why.</summary>
    /// <inheritdoc cref="EvaluateBoolean" path="/param"/>
    /// <returns>The value and why.</returns>
    public FlagDetails<string> EvaluateStringDetails(string flag, EvaluationContext? context, string defaultValue)
    {
        var error = Evaluate(_served.Snapshot, flag, context, FlagType.String, out var result);
        return Details(error == FlagError.None ? result.AsString(defaultValue) : defaultValue, error, result);
    }

    /// <summary>As <see cref="EvaluateNumber"/>, with why.</summary>
    /// <inheritdoc cref="EvaluateBoolean" path="/param"/>
    /// <returns>The value and why.</returns>
    public FlagDetails<double> EvaluateNumberDetails(string flag, EvaluationContext? context, double defaultValue)
    {
        var error = Evaluate(_served.Snapshot, flag, context, FlagType.Number, out var result);
        return Details(error == FlagError.None ? result.AsNumber(defaultValue) : defaultValue, error, result);
    }

    /// <summary>As <see cref="EvaluateObject"/>, with why.</summary>
    /// <inheritdoc cref="EvaluateBoolean" path="/param"/>
    /// <returns>The value and why.</returns>
    public FlagDetails<JsonElement> EvaluateObjectDetails(string flag, EvaluationContext? context, JsonElement defaultValue)
    {
        var error = Evaluate(_served.Snapshot, flag, context, FlagType.Object, out var result);
        return Details(error == FlagError.None ? result.Value : defaultValue, error, result);
    }

    /// <summary>Evaluates in a given snapshot; the hot path of everything above and of <see cref="DeliveryRequest"/>.</summary>
    internal FlagError Evaluate(Snapshot? snapshot, string flag, EvaluationContext? context, FlagType type, out EvaluationResult result, bool expose = true)
    {
        result = default;
        if (snapshot is null)
            return FlagError.NotReady;
        if (flag is null)
            return FlagError.FlagNotFound;
        context ??= EvaluationContext.Empty;
        try
        {
            result = snapshot.Evaluate(flag, context);
        }
        catch (Exception fault)
        {
            if (Interlocked.Increment(ref _faults) == 1)
                LogFault(fault, flag);
            return FlagError.General;
        }

        if (!result.HasValue)
            return Translate(result.ErrorCode);
        if (result.Type != type)
            return FlagError.TypeMismatch;
        if (expose)
            Expose(snapshot, flag, context, result);
        return FlagError.None;
    }

    internal FlagDetails<T> Details<T>(T value, FlagError error, in EvaluationResult result) => new(
        value,
        error == FlagError.None ? result.VariantKey : null,
        error == FlagError.None ? result.Reason : EvaluationReason.Error,
        error,
        error switch
        {
            FlagError.None => null,
            FlagError.NotReady => "there is no ruleset yet",
            FlagError.TypeMismatch => $"the flag is of type {result.Type}",
            FlagError.General when result.ErrorDetails is null => "the evaluation failed; see the log",
            _ => result.ErrorDetails ?? "there is no such flag",
        },
        result.Why,
        result.FlagVersion,
        result.Sequence,
        !_served.Connected);

    private void Expose(Snapshot snapshot, string flag, EvaluationContext context, in EvaluationResult result)
    {
        if (_connection is null)
            return;
        if (context.TargetingKey is null)
            Interlocked.Increment(ref _withoutUnit);
        else
            _connection.Exposures.Record(new ExposureRecord(flag, result, context, snapshot, _time.GetUtcNow().UtcTicks));
    }

    private static FlagError Translate(EvaluationError error) => error switch
    {
        EvaluationError.FlagNotFound => FlagError.FlagNotFound,
        EvaluationError.TypeMismatch => FlagError.TypeMismatch,
        EvaluationError.TargetingKeyMissing => FlagError.TargetingKeyMissing,
        EvaluationError.InvalidContext => FlagError.InvalidContext,
        EvaluationError.None or EvaluationError.ParseError or EvaluationError.General => FlagError.General,
        _ => FlagError.General,
    };

    [LoggerMessage(9030, LogLevel.Error, "Evaluating {Flag} threw; the default value was given. Further faults are only counted.")]
    private partial void LogFault(Exception fault, string flag);
}
