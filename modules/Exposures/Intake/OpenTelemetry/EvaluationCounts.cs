using System.Diagnostics.Metrics;

namespace Delivery.Exposures.Intake.OpenTelemetry;

/// <summary>What came by OTLP and became of it: <c>delivery.exposures.otlp.records</c> by signal and outcome.</summary>
internal sealed class EvaluationCounts
{
    private readonly Counter<long> _records;

    public EvaluationCounts(IMeterFactory meters) => _records = meters.Create("Delivery.Exposures").CreateCounter<long>(
        "delivery.exposures.otlp.records", "{record}",
        "Log records and span events that came by OTLP: taken as exposures, ignored (no flag evaluations), failed (evaluations that served no variant), rejected");

    public void Add(string signal, string outcome, long records)
    {
        if (records > 0)
            _records.Add(records, new("signal", signal), new("outcome", outcome));
    }
}
