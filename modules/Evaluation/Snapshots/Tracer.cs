namespace Delivery.Evaluation;

/// <summary>Collects the steps of one explained evaluation.</summary>
internal sealed class Tracer
{
    private readonly List<TraceStep> _steps = [];
    private List<BucketTrace> _buckets = [];

    internal IReadOnlyList<TraceStep> Steps => _steps;

    internal void Bucket(string purpose, string attribute, string? unit, double? fraction, bool passed, string? wanted = null) =>
        _buckets.Add(new BucketTrace(purpose, attribute, unit, fraction, passed) { Wanted = wanted });

    internal void Step(
        TraceStepKind kind, string subject, string outcome, VariantPlan? served = null, int? ruleIndex = null, ConditionTrace? condition = null)
    {
        _steps.Add(new TraceStep(kind, subject, served is not null, outcome)
        {
            RuleIndex = ruleIndex,
            Condition = condition,
            Buckets = _buckets,
            Variant = served?.Key,
        });
        _buckets = [];
    }
}
