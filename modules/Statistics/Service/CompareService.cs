namespace Delivery.Statistics;

/// <summary>Statistics as a service: a comparison from the arms' sums. Pure; the HTTP mapping is elsewhere.</summary>
/// <remarks>
/// Formulas: <see cref="Effects"/>, <see cref="Cuped"/> (θ over all units, as in the golden files), <see cref="WelchTest"/>,
/// <see cref="AnytimeTest"/>, <see cref="BayesianView"/>. A proportion's variance is p(1 − p), without n/(n − 1).
/// </remarks>
public static class CompareService
{
    private const double DefaultAlpha = 0.05;
    private const double DefaultNStar = 5000;

    /// <summary>Below this a level says nothing that data could, and its half is no number any more.</summary>
    internal const double LeastAlpha = 1e-15;

    /// <summary>Validates and computes.</summary>
    public static CompareOutcome Compare(CompareRequest request)
    {
        var errors = new List<InvalidField>();
        var alpha = request.Alpha ?? DefaultAlpha;
        var nStar = request.NStar ?? DefaultNStar;
        Check(errors, request.Metric is "mean" or "proportion" or "ratio" or "cuped", "metric", "mean, proportion, ratio or cuped");
        Check(errors, request.Effect is "absolute" or "relative", "effect", "absolute or relative");
        Check(errors, request.Test is "welch2" or "welchGreater" or "asympcs2" or "bayes", "test", "welch2, welchGreater, asympcs2 or bayes");
        Check(errors, request.Test != "bayes" || request.Effect != "absolute", "effect", "relative, with the bayes test");
        Check(errors, alpha is >= LeastAlpha and < 1, "alpha", "a number between 0 and 1, at least 1e-15");
        Check(errors, nStar > 0 && double.IsFinite(nStar), "nStar", "a number greater than 0");
        var a = new ArmReader(errors, "a", request.A);
        var b = new ArmReader(errors, "b", request.B);
        var effect = Effect(request.Metric, request.Effect == "relative", a, b);
        if (errors.Count > 0) return new CompareOutcome.Invalid(errors);
        return request.Test switch
        {
            "welch2" => Answer(WelchTest.TwoSided(effect, alpha)),
            "welchGreater" => Answer(WelchTest.Greater(effect, alpha)),
            "asympcs2" => Answer(AnytimeTest.TwoSided(effect, alpha, nStar)),
            _ => Answer(BayesianView.Of(effect, alpha)),
        };
    }

    private static Effect Effect(string? metric, bool relative, ArmReader a, ArmReader b) => metric switch
    {
        "mean" => Between(Arms.Mean(a.Mean()), Arms.Mean(b.Mean()), relative),
        "proportion" => Between(Arms.Proportion(a.Proportion()), Arms.Proportion(b.Proportion()), relative),
        "ratio" => Between(Arms.Ratio(a.Ratio()), Arms.Ratio(b.Ratio()), relative),
        "cuped" => Cuped.Estimate(a.Cuped(), b.Cuped(), relative, CupedPooling.AllUnits),
        _ => new Effect.NoEstimate(NoEstimateReason.NoData),
    };

    private static Effect Between(ArmEstimate a, ArmEstimate b, bool relative) => relative ? Effects.Relative(a, b) : Effects.Absolute(a, b);

    private static CompareOutcome.Compared Answer(TestOutcome outcome) => outcome switch
    {
        TestOutcome.Tested t => new(t.Difference, t.StandardError, t.Interval.Lower, t.Interval.Upper, t.P, null),
        TestOutcome.NotTested n => new(null, null, null, null, null, n.Reason),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static CompareOutcome.Believed Answer(BayesianReading reading) => reading switch
    {
        BayesianReading.Posterior p => new(p.Mean, p.Interval.Lower, p.Interval.Upper, p.ChanceToWin, [p.RiskOfBaseline, p.RiskOfTreatment], null),
        BayesianReading.NoPosterior n => new(null, null, null, null, null, n.Reason),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    internal static void Check(List<InvalidField> errors, bool holds, string field, string accepted)
    {
        if (!holds) errors.Add(new InvalidField(field, accepted));
    }
}
