using Delivery.Contracts.Commands;

namespace Delivery.Exposures.Intake.OpenTelemetry;

/// <summary>Why evaluations of one request were not taken, each reason once.</summary>
internal sealed class EvaluationFaults
{
    private readonly Dictionary<FieldError, long> _faults = [];
    private readonly HashSet<object> _carriers = new(ReferenceEqualityComparer.Instance);

    public long Evaluations { get; private set; }

    /// <summary>Log records or spans that carry at least one of them: what OTLP counts.</summary>
    public long Carriers => _carriers.Count;

    /// <summary>A sentence for the sender's log; null when there was no fault.</summary>
    public string? Message => Evaluations == 0
        ? null
        : $"{Evaluations} flag evaluations were not taken. {string.Join(" ", _faults.Select(fault => $"{fault.Key.Field} ({fault.Value}): {fault.Key.Message}."))}";

    public void Add(object carrier, FieldError fault)
    {
        Evaluations++;
        _carriers.Add(carrier);
        _faults[fault] = _faults.GetValueOrDefault(fault) + 1;
    }
}
