namespace Delivery.Statistics;

/// <summary>The result of a test on an effect.</summary>
public abstract record TestOutcome
{
    private TestOutcome()
    {
    }

    /// <summary>A result; every number is finite.</summary>
    /// <param name="Difference">Δ, as in <see cref="Effect.Estimate"/>.</param>
    /// <param name="StandardError">Its standard error.</param>
    /// <param name="Interval">Confidence interval or sequence at level 1 − α.</param>
    /// <param name="P">p-value in [0, 1].</param>
    public sealed record Tested(double Difference, double StandardError, Interval Interval, double P) : TestOutcome;

    /// <summary>No result.</summary>
    /// <param name="Reason">Why.</param>
    public sealed record NotTested(NoEstimateReason Reason) : TestOutcome;
}
