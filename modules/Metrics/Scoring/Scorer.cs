using Delivery.Contracts.Metrics;
using Delivery.Statistics;

namespace Delivery.Metrics.Scoring;

/// <summary>A scorecard from exact sums. Pure; no number in it is NaN or infinite.</summary>
internal sealed class Scorer(GetScorecard question, MetricMoments moments)
{
    /// <summary>Intervals hold at 1 − this.</summary>
    private const double Alpha = 0.05;

    /// <summary>N*: the always-valid interval is narrowest at so many units.</summary>
    private const double PlannedUnits = 5_000;

    /// <summary>Asymptotic sequences need as many units in each arm.</summary>
    private const long BurnInUnits = 100;

    private const double Z = 1.959963984540054;

    public Scorecard Score()
    {
        var arms = moments.Cells.GroupBy(cell => cell.Variant, StringComparer.Ordinal).OrderBy(arm => arm.Key != question.Baseline).ThenBy(arm => arm.Key, StringComparer.Ordinal)
            .Select(arm => new ArmUnits(arm.Key, (long)arm.GroupBy(cell => cell.FlagVersion).Aggregate((Int128)0, (all, epoch) => all + epoch.First().Sums.N))).ToList();
        return new Scorecard(
            question.Environment, question.Flag, question.Baseline, question.FromVersion, Alpha, question.Test, arms,
            [.. question.Metrics.Select(metric => Score(metric, [.. moments.Cells.Where(cell => cell.Metric == metric.Key)], arms))],
            moments.CompleteUpTo, moments.ExposurePosition, moments.EventPosition, moments.LatenessSeconds, moments.HistorySeconds);
    }

    private MetricScore Score(MetricView metric, IReadOnlyList<MomentCell> cells, IReadOnlyList<ArmUnits> arms) => new(
        metric.Key, metric.Definition.Name, metric.Definition.Kind, metric.Definition.Direction, metric.Definition.Tier, metric.System,
        [.. arms.Select(arm => Arm(arm, metric.Definition, cells))],
        [.. arms.Where(arm => arm.Variant != question.Baseline).Select(arm => Compare(arm.Variant, metric.Definition, cells))]);

    private static ArmScore Arm(ArmUnits arm, MetricDefinition definition, IReadOnlyList<MomentCell> cells)
    {
        var own = cells.Where(cell => cell.Variant == arm.Variant).ToList();
        ArmScore Without(NoNumber reason) => new(arm.Variant, arm.Units, null, null, null, reason);
        if (own.Select(CellEstimate.Refusal).FirstOrDefault(refusal => refusal is not null) is { } refused)
            return Without(refused);
        var weights = cells.GroupBy(cell => cell.FlagVersion).ToDictionary(epoch => epoch.Key, epoch => epoch.Sum(cell => (double)cell.Sums.N));
        var epochs = own.Select(cell => (Weight: weights[cell.FlagVersion], Estimate: CellEstimate.Of(cell, definition))).ToList();
        var measured = epochs.Where(epoch => epoch.Estimate is ArmEstimate.Measured).Select(epoch => (epoch.Weight, Estimate: (ArmEstimate.Measured)epoch.Estimate)).ToList();
        if (measured.Count == 0)
            return Without(epochs.Select(epoch => epoch.Estimate).OfType<ArmEstimate.Unmeasured>().Select(u => CellEstimate.Reason(u.Reason)).DefaultIfEmpty(NoNumber.NoData).Max());
        var all = measured.Sum(epoch => epoch.Weight);
        var value = measured.Sum(epoch => epoch.Weight / all * epoch.Estimate.Mean);
        var half = Z * Math.Sqrt(measured.Sum(epoch => epoch.Weight / all * (epoch.Weight / all) * epoch.Estimate.VarianceOfMean));
        return double.IsFinite(value) && double.IsFinite(half) ? new ArmScore(arm.Variant, arm.Units, value, value - half, value + half, null) : Without(NoNumber.NotFinite);
    }

    private ComparisonScore Compare(string variant, MetricDefinition definition, IReadOnlyList<MomentCell> cells)
    {
        if (cells.Where(cell => cell.Variant == variant || cell.Variant == question.Baseline).Select(CellEstimate.Refusal).FirstOrDefault(refusal => refusal is not null) is { } refused)
        {
            var none = new Difference(null, null, null, null, refused);
            return new ComparisonScore(variant, none, none, definition.Kind == MetricKind.Quantile ? null : none, ScoreReading.Unknown);
        }

        var epochs = cells.GroupBy(cell => cell.FlagVersion).Select(epoch => (
            Baseline: epoch.FirstOrDefault(cell => cell.Variant == question.Baseline), Treatment: epoch.FirstOrDefault(cell => cell.Variant == variant))).ToList();
        var strata = epochs.Select(epoch => new Stratum(Estimate(epoch.Baseline, definition), Estimate(epoch.Treatment, definition))).ToList();
        var absolute = Test(StratifiedEffect.Absolute(strata), strata);
        return new ComparisonScore(
            variant, absolute, Test(StratifiedEffect.Relative(strata), strata),
            definition.Kind == MetricKind.Quantile ? null : Test(StratifiedAdjustment.Of([.. epochs.Select(epoch => Adjusted(epoch.Baseline, epoch.Treatment, definition))]), strata),
            Reading(absolute, definition.Direction));
    }

    private static ArmEstimate Estimate(MomentCell? cell, MetricDefinition definition) =>
        cell is null ? new ArmEstimate.Unmeasured(NoEstimateReason.NoData) : CellEstimate.Of(cell, definition);

    private static Effect Adjusted(MomentCell? baseline, MomentCell? treatment, MetricDefinition definition) => baseline is null || treatment is null
        ? new Effect.NoEstimate(NoEstimateReason.NoData)
        : MomentEffects.Adjusted(CellEstimate.Moments(baseline.Sums), CellEstimate.Moments(treatment.Sums), CellEstimate.EstimatorOf(definition.Kind), relative: false);

    private Difference Test(Effect effect, IReadOnlyList<Stratum> strata)
    {
        if (effect is Effect.NoEstimate { Reason: NoEstimateReason.TooFewUnits } && strata.All(HasEmptyArm))
            return new Difference(null, null, null, null, NoNumber.NoData);
        var outcome = question.Test == ScorecardTest.Fixed ? WelchTest.TwoSided(effect, Alpha)
            : effect is Effect.Estimate && IsYoung(strata) ? new TestOutcome.NotTested(NoEstimateReason.TooFewUnits)
            : AnytimeTest.TwoSided(effect, Alpha, PlannedUnits);
        return outcome switch
        {
            TestOutcome.Tested tested => new Difference(tested.Difference, tested.Interval.Lower, tested.Interval.Upper, tested.P, null),
            TestOutcome.NotTested not => new Difference(null, null, null, null, CellEstimate.Reason(not.Reason)),
            _ => throw new InvalidOperationException($"unknown outcome {outcome.GetType().Name}"),
        };
    }

    private static bool HasEmptyArm(Stratum stratum) =>
        stratum.Baseline is ArmEstimate.Unmeasured { Reason: NoEstimateReason.NoData } || stratum.Treatment is ArmEstimate.Unmeasured { Reason: NoEstimateReason.NoData };

    private static bool IsYoung(IReadOnlyList<Stratum> strata)
    {
        var used = strata.Where(s => s is { Baseline: ArmEstimate.Measured, Treatment: ArmEstimate.Measured }).ToList();
        return used.Sum(s => ((ArmEstimate.Measured)s.Baseline).Units) < BurnInUnits || used.Sum(s => ((ArmEstimate.Measured)s.Treatment).Units) < BurnInUnits;
    }

    private static ScoreReading Reading(Difference difference, MetricDirection direction) => difference switch
    {
        { Low: > 0 } => direction == MetricDirection.HigherIsBetter ? ScoreReading.Better : ScoreReading.Worse,
        { High: < 0 } => direction == MetricDirection.HigherIsBetter ? ScoreReading.Worse : ScoreReading.Better,
        { Err: null } => ScoreReading.Undecided,
        _ => ScoreReading.Unknown,
    };
}
