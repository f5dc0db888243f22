namespace Delivery.Statistics;

/// <summary>Sums of one variable in a request; every number is checked before use.</summary>
/// <param name="N">Units.</param>
/// <param name="Sum">Σx.</param>
/// <param name="SumSquares">Σx²; not used by a proportion.</param>
public sealed record SumsInput(long? N, double? Sum, double? SumSquares);

/// <summary>One arm of a request. Which fields are needed depends on the metric.</summary>
public sealed record ArmInput
{
    /// <summary>mean, proportion: units.</summary>
    public long? N { get; init; }

    /// <summary>mean, proportion: Σx.</summary>
    public double? Sum { get; init; }

    /// <summary>mean: Σx².</summary>
    public double? SumSquares { get; init; }

    /// <summary>ratio: numerator.</summary>
    public SumsInput? M { get; init; }

    /// <summary>ratio: denominator.</summary>
    public SumsInput? D { get; init; }

    /// <summary>ratio: Σ m·d.</summary>
    public double? Md { get; init; }

    /// <summary>cuped: outcome.</summary>
    public SumsInput? Y { get; init; }

    /// <summary>cuped: pre-exposure value.</summary>
    public SumsInput? X { get; init; }

    /// <summary>cuped: Σ y·x.</summary>
    public double? Yx { get; init; }
}

/// <summary>Compare two arms: the body of POST /api/v1/statistics/compare.</summary>
/// <param name="Metric">mean | proportion | ratio | cuped.</param>
/// <param name="Effect">absolute | relative.</param>
/// <param name="Test">welch2 (two-sided) | welchGreater (one-sided, b above a) | asympcs2 (confidence sequence) | bayes.</param>
/// <param name="A">Baseline.</param>
/// <param name="B">Treatment; differences are b − a.</param>
/// <param name="Alpha">In (0, 1); .05 when missing.</param>
/// <param name="NStar">asympcs2: N*, units of both arms at which the interval is narrowest; 5000 when missing.</param>
public sealed record CompareRequest(
    string? Metric, string? Effect, string? Test, ArmInput? A, ArmInput? B, double? Alpha = null, double? NStar = null);

/// <summary>What is wrong with a request.</summary>
/// <param name="Field">JSON path of the field, such as <c>a.m.sumSquares</c>.</param>
/// <param name="Accepted">What would be accepted.</param>
public sealed record InvalidField(string Field, string Accepted);

/// <summary>The answer to a comparison.</summary>
public abstract record CompareOutcome
{
    private CompareOutcome()
    {
    }

    /// <summary>A frequentist result. Numbers are null exactly when <paramref name="Err"/> is not.</summary>
    /// <param name="Diff">b − a, or (b − a)/a when relative.</param>
    /// <param name="Se">Standard error of Diff.</param>
    /// <param name="CiLow">Lower end.</param>
    /// <param name="CiHigh">Upper end; null with a null Err: unbounded (welchGreater).</param>
    /// <param name="P">p-value.</param>
    /// <param name="Err">Why there is no result; null when there is.</param>
    public sealed record Compared(double? Diff, double? Se, double? CiLow, double? CiHigh, double? P, NoEstimateReason? Err) : CompareOutcome;

    /// <summary>A Bayesian result. Numbers are null exactly when <paramref name="Err"/> is not.</summary>
    /// <param name="Mean">Posterior mean of the relative effect.</param>
    /// <param name="CiLow">Lower end of the credible interval.</param>
    /// <param name="CiHigh">Upper end.</param>
    /// <param name="ChanceToWin">P(b above a).</param>
    /// <param name="Risk">Expected loss of choosing a, then of choosing b, as shares of a's value.</param>
    /// <param name="Err">Why there is no result; null when there is.</param>
    public sealed record Believed(
        double? Mean, double? CiLow, double? CiHigh, double? ChanceToWin, IReadOnlyList<double>? Risk, NoEstimateReason? Err) : CompareOutcome;

    /// <summary>The request can't be read.</summary>
    /// <param name="Errors">Every problem found.</param>
    public sealed record Invalid(IReadOnlyList<InvalidField> Errors) : CompareOutcome;
}
