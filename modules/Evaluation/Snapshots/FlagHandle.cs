namespace Delivery.Evaluation;

/// <summary>A flag of one snapshot, looked up once. Take a new one when the snapshot is replaced.</summary>
public readonly struct FlagHandle
{
    private readonly Snapshot _snapshot;
    private readonly FlagPlan? _flag;

    internal FlagHandle(Snapshot snapshot, FlagPlan? flag)
    {
        _snapshot = snapshot;
        _flag = flag;
    }

    /// <summary>Whether the flag is in the snapshot.</summary>
    public bool Exists => _flag is not null;

    /// <summary>The flag's configuration; null if it does not exist.</summary>
    public FlagDefinition? Definition => _flag?.Definition;

    /// <summary>Evaluates the flag for a context.</summary>
    /// <param name="context">The context.</param>
    /// <returns>The result.</returns>
    public EvaluationResult Evaluate(EvaluationContext context) => _flag is null
        ? new EvaluationResult(null, EvaluationError.FlagNotFound, "there is no such flag", _snapshot?.Sequence ?? 0)
        : _snapshot.Evaluate(_flag, context);
}
