namespace Delivery.Statistics;

/// <summary>How the data will be looked at.</summary>
public abstract record LookPlan
{
    private LookPlan()
    {
    }

    /// <summary>Once, at the end.</summary>
    public sealed record FixedHorizon : LookPlan;

    /// <summary>Equally spaced looks with spending.</summary>
    /// <param name="Looks">K, from 1 to 200.</param>
    /// <param name="Spending">Spending function.</param>
    public sealed record GroupSequential(int Looks, SpendingFunction Spending = SpendingFunction.OBrienFleming) : LookPlan;

    /// <summary>Continuously, by an asymptotic confidence sequence tuned to the planned end.</summary>
    public sealed record AlwaysValid : LookPlan;
}

/// <summary>What an experiment is to find.</summary>
/// <param name="StandardDeviation">Of one unit's value; greater than 0. For a proportion √(p(1 − p)), for a ratio that of the linearised value.</param>
/// <param name="AlphaTwoSided">Level; in (0, 1).</param>
/// <param name="TreatmentShare">Share of the units in the treatment arm; in (0, 1).</param>
/// <param name="PreCorrelation">Correlation of outcome and pre-exposure value; CUPED divides the variance by 1/(1 − ρ²). In (−1, 1).</param>
/// <param name="Plan">How the data are looked at.</param>
public sealed record PowerDesign(
    double StandardDeviation, double AlphaTwoSided, double TreatmentShare, double PreCorrelation, LookPlan Plan)
{
    /// <summary>Fixed horizon, level .05, halves, no covariate.</summary>
    public static PowerDesign Fixed(double standardDeviation) => new(standardDeviation, 0.05, 0.5, 0, new LookPlan.FixedHorizon());

    /// <summary>The field that is out of range; null when all is well.</summary>
    public string? InvalidField => this switch
    {
        _ when !(StandardDeviation > 0) || !double.IsFinite(StandardDeviation) => nameof(StandardDeviation),
        _ when AlphaTwoSided is not (> 0 and < 1) => nameof(AlphaTwoSided),
        _ when TreatmentShare is not (> 0 and < 1) => nameof(TreatmentShare),
        _ when PreCorrelation is not (> -1 and < 1) => nameof(PreCorrelation),
        _ when Plan is LookPlan.GroupSequential { Looks: < 1 or > 200 } => nameof(LookPlan.GroupSequential.Looks),
        _ => null,
    };
}
