using Delivery.Evaluation;

namespace Delivery.Contracts.Exposures;

/// <summary>Takes what the server itself evaluated for a client (OFREP) as exposures.</summary>
public interface IExposureSink
{
    /// <summary>
    /// Hands over one evaluation. Never waits and never throws: what does not fit is counted and lost. What it refers to is read
    /// later, on another thread, so it must not change any more.
    /// </summary>
    /// <param name="evaluation">What was evaluated.</param>
    void Offer(in ServedEvaluation evaluation);
}

/// <summary>An evaluation that a client was answered with. References only: it costs the answer nothing to hand it over.</summary>
/// <param name="Environment">The environment's key.</param>
/// <param name="Flag">The flag's key.</param>
/// <param name="Snapshot">What was evaluated.</param>
/// <param name="Context">For what.</param>
/// <param name="Result">What came of it.</param>
/// <param name="Time">When.</param>
public readonly record struct ServedEvaluation(
    string Environment, string Flag, Snapshot Snapshot, EvaluationContext Context, EvaluationResult Result, DateTimeOffset Time);
