namespace Delivery.Statistics;

/// <summary>
/// Plan an experiment: the body of POST /api/v1/statistics/power. Two of <c>effect</c>, <c>units</c> and <c>power</c> give the third; power is .8
/// when only one of the others is given.
/// </summary>
public sealed record PowerRequest
{
    /// <summary>Mean (or share, or ratio) without the treatment. Needed for a relative effect.</summary>
    public double? BaselineMean { get; init; }

    /// <summary>Standard deviation of one unit's value; a proportion takes √(p(1 − p)) from BaselineMean when it is missing.</summary>
    public double? StandardDeviation { get; init; }

    /// <summary>Effect to be found, in the metric's unit or as a share of BaselineMean; see <see cref="Relative"/>.</summary>
    public double? Effect { get; init; }

    /// <summary>True when Effect is a share of BaselineMean.</summary>
    public bool Relative { get; init; }

    /// <summary>Units of both arms.</summary>
    public double? Units { get; init; }

    /// <summary>Wanted power, in (0, 1).</summary>
    public double? Power { get; init; }

    /// <summary>Two-sided level; .05 when missing.</summary>
    public double? Alpha { get; init; }

    /// <summary>Share of the units in the treatment arm; .5 when missing.</summary>
    public double? TreatmentShare { get; init; }

    /// <summary>Correlation with the pre-exposure value; 0 when missing.</summary>
    public double? PreCorrelation { get; init; }

    /// <summary>fixed | groupSequential | alwaysValid; groupSequential when missing.</summary>
    public string? Plan { get; init; }

    /// <summary>groupSequential: number of looks, 1 to 200; 14 when missing.</summary>
    public int? Looks { get; init; }

    /// <summary>New units a day, for the duration.</summary>
    public double? UnitsPerDay { get; init; }

    /// <summary>Window after exposure in days; 0 when missing.</summary>
    public double? WindowDays { get; init; }
}

/// <summary>The answer to a plan.</summary>
public abstract record PowerAnswer
{
    private PowerAnswer()
    {
    }

    /// <summary>A result.</summary>
    /// <param name="Units">Units of both arms.</param>
    /// <param name="Effect">Effect found with that power, absolute.</param>
    /// <param name="EffectRelative">The same as a share of BaselineMean; null without one.</param>
    /// <param name="Power">Power.</param>
    /// <param name="Days">Duration; null without UnitsPerDay.</param>
    public sealed record Planned(double Units, double Effect, double? EffectRelative, double Power, double? Days) : PowerAnswer;

    /// <summary>The request can't be read.</summary>
    /// <param name="Errors">Every problem found.</param>
    public sealed record Invalid(IReadOnlyList<InvalidField> Errors) : PowerAnswer;
}

/// <summary>Power as a service.</summary>
public static class PowerService
{
    private const double DefaultPower = 0.8;
    private const int DefaultLooks = 14;

    /// <summary>Validates and computes.</summary>
    public static PowerAnswer Plan(PowerRequest request)
    {
        var errors = new List<InvalidField>();
        var design = Design(request);
        Validate(request, design, errors);
        if (errors.Count > 0) return new PowerAnswer.Invalid(errors);

        var effect = request.Relative ? request.Effect * Math.Abs(request.BaselineMean!.Value) : request.Effect;
        var power = request.Power ?? DefaultPower;
        var (units, found, reached) = (request.Units, effect) switch
        {
            ({ } n, { } delta) => (n, Math.Abs(delta), PowerCalculation.Power(design, delta, n)),
            ({ } n, null) => (n, PowerCalculation.MinimumDetectableEffect(design, n, power), power),
            (null, { } delta) => (PowerCalculation.Units(design, delta, power), Math.Abs(delta), power),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        if (!double.IsFinite(units) || !double.IsFinite(found) || !(found > 0) || !double.IsFinite(reached))
            return new PowerAnswer.Invalid([new InvalidField("effect", "an effect within reach of the standard deviation")]);
        return new PowerAnswer.Planned(
            units, found, request.BaselineMean is { } mean && mean != 0 ? found / Math.Abs(mean) : null, reached,
            request.UnitsPerDay is { } perDay ? PowerCalculation.Days(units, perDay, request.WindowDays ?? 0) : null);
    }

    private static PowerDesign Design(PowerRequest request)
    {
        var sd = request.StandardDeviation
            ?? (request.BaselineMean is > 0 and < 1 and var p ? Math.Sqrt(p * (1 - p)) : double.NaN);
        LookPlan plan = request.Plan switch
        {
            "fixed" => new LookPlan.FixedHorizon(),
            "alwaysValid" => new LookPlan.AlwaysValid(),
            _ => new LookPlan.GroupSequential(request.Looks ?? DefaultLooks),
        };
        return new PowerDesign(sd, request.Alpha ?? 0.05, request.TreatmentShare ?? 0.5, request.PreCorrelation ?? 0, plan);
    }

    private static void Validate(PowerRequest request, PowerDesign design, List<InvalidField> errors)
    {
        Check(request.Plan is null or "fixed" or "groupSequential" or "alwaysValid", "plan", "fixed, groupSequential or alwaysValid");
        Check(request.Alpha is not (> 0 and < CompareService.LeastAlpha), "alpha", "a number between 0 and 1, at least 1e-15");
        Check(request.Units is not null || request.Effect is not null, "effect", "an effect, or units, or both");
        Check(request.Effect is null or (not 0 and > -1e300 and < 1e300), "effect", "a finite number other than 0");
        Check(request.Units is null or (>= 4 and < 1e15), "units", "at least 4");
        Check(request.Power is null || (request.Power < 1 && request.Power > design.AlphaTwoSided), "power", "a number between alpha and 1");
        Check(request.Power is null || request.Units is null || request.Effect is null, "power", "nothing, when units and effect are given");
        Check(!request.Relative || (request.BaselineMean is { } mean && mean != 0), "baselineMean", "a number other than 0, with a relative effect");
        Check(request.BaselineMean is null || double.IsFinite(request.BaselineMean.Value), "baselineMean", "a finite number");
        Check(request.UnitsPerDay is null or (> 0 and < 1e15), "unitsPerDay", "a number greater than 0");
        Check(request.WindowDays is null or (>= 0 and < 1e6), "windowDays", "a number of at least 0");
        switch (design.InvalidField)
        {
            case nameof(PowerDesign.StandardDeviation):
                Check(false, "standardDeviation", "a number greater than 0, or a baselineMean between 0 and 1 for a proportion");
                break;
            case nameof(PowerDesign.AlphaTwoSided):
                Check(false, "alpha", "a number between 0 and 1");
                break;
            case nameof(PowerDesign.TreatmentShare):
                Check(false, "treatmentShare", "a number between 0 and 1");
                break;
            case nameof(PowerDesign.PreCorrelation):
                Check(false, "preCorrelation", "a number between -1 and 1");
                break;
            case nameof(LookPlan.GroupSequential.Looks):
                Check(false, "looks", "a whole number from 1 to 200");
                break;
        }

        void Check(bool holds, string field, string accepted) => CompareService.Check(errors, holds, field, accepted);
    }
}
