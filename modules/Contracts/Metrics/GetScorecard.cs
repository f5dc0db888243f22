using Mediator;

namespace Delivery.Contracts.Metrics;

/// <summary>
/// Asks how the variants of a flag compare, metric by metric: each arm's value, and its difference to the baseline with an interval that
/// holds however often one looks. Differences are taken within allocation epochs and then weighted, so a ramp does not distort them.
/// </summary>
/// <param name="Environment">The environment's key.</param>
/// <param name="Flag">The flag's key.</param>
/// <param name="Baseline">The variant that the others are compared with.</param>
/// <param name="FromVersion">The first flag version that counts.</param>
/// <param name="Metrics">What is compared.</param>
/// <param name="Test">How it is tested.</param>
public sealed record GetScorecard(
    string Environment, string Flag, string Baseline, long FromVersion, IReadOnlyList<MetricView> Metrics, ScorecardTest Test = ScorecardTest.Anytime) : IQuery<Scorecard>;

/// <summary>How differences are tested.</summary>
public enum ScorecardTest
{
    /// <summary>Valid at every look: asymptotic confidence sequences, from 100 units an arm on.</summary>
    Anytime = 1,

    /// <summary>Valid at one look, planned beforehand: Welch's t-test.</summary>
    Fixed = 2,
}

/// <summary>A flag's variants compared.</summary>
/// <param name="Environment">The environment's key.</param>
/// <param name="Flag">The flag's key.</param>
/// <param name="Baseline">The variant that the others are compared with.</param>
/// <param name="FromVersion">The first flag version that counted.</param>
/// <param name="Alpha">Intervals hold at 1 − this.</param>
/// <param name="Test">How differences were tested.</param>
/// <param name="Arms">How many units each variant has.</param>
/// <param name="Metrics">The metrics, in the order they were asked for.</param>
/// <param name="CompleteUpTo">Everything committed before this moment is counted.</param>
/// <param name="ExposurePosition">The exposure ledger is counted up to this position.</param>
/// <param name="EventPosition">The event log is counted up to this position.</param>
/// <param name="LatenessSeconds">Rows that came in longer than this after their time are not counted: as configured, or less where memory would not do.</param>
/// <param name="HistorySeconds">Adjusted differences use so long before exposure: as configured, or less where memory would not do.</param>
public sealed record Scorecard(
    string Environment, string Flag, string Baseline, long FromVersion, double Alpha, ScorecardTest Test, IReadOnlyList<ArmUnits> Arms, IReadOnlyList<MetricScore> Metrics,
    DateTimeOffset CompleteUpTo, long ExposurePosition, long EventPosition, double LatenessSeconds, double HistorySeconds);

/// <summary>A variant and its units.</summary>
public sealed record ArmUnits(string Variant, long Units);

/// <summary>One metric of a scorecard.</summary>
/// <param name="Metric">Its key.</param>
/// <param name="Name">Its name for people.</param>
/// <param name="Kind">How events become one value.</param>
/// <param name="Direction">Which way is better.</param>
/// <param name="Tier">Who cares.</param>
/// <param name="System">Whether it is there without set-up.</param>
/// <param name="Arms">Each variant's value.</param>
/// <param name="Comparisons">Each variant but the baseline, compared with it.</param>
public sealed record MetricScore(
    string Metric, string Name, MetricKind Kind, MetricDirection Direction, MetricTier Tier, bool System, IReadOnlyList<ArmScore> Arms, IReadOnlyList<ComparisonScore> Comparisons);

/// <summary>A variant's value; the numbers are null exactly when <paramref name="Err"/> is not.</summary>
/// <param name="Variant">The variant.</param>
/// <param name="Units">Its units.</param>
/// <param name="Value">The value in the metric's unit, over the epochs in which it can be measured, weighted by their units.</param>
/// <param name="Low">Lower end of its 95 % interval, for one look.</param>
/// <param name="High">Upper end.</param>
/// <param name="Err">Why there is none.</param>
public sealed record ArmScore(string Variant, long Units, double? Value, double? Low, double? High, NoNumber? Err);

/// <summary>A variant compared with the baseline.</summary>
/// <param name="Variant">The variant.</param>
/// <param name="Absolute">Variant − baseline, in the metric's unit.</param>
/// <param name="Relative">The same as a fraction of the baseline.</param>
/// <param name="Adjusted">The absolute difference with the variance that what was before exposure explains taken out (CUPED); null of a quantile.</param>
/// <param name="Reading">What the absolute difference says.</param>
public sealed record ComparisonScore(string Variant, Difference Absolute, Difference Relative, Difference? Adjusted, ScoreReading Reading);

/// <summary>A difference; the numbers are null exactly when <paramref name="Err"/> is not.</summary>
/// <param name="Diff">Variant − baseline.</param>
/// <param name="Low">Lower end of its interval.</param>
/// <param name="High">Upper end.</param>
/// <param name="P">p-value against no difference.</param>
/// <param name="Err">Why there is none.</param>
public sealed record Difference(double? Diff, double? Low, double? High, double? P, NoNumber? Err);

/// <summary>What a difference says.</summary>
public enum ScoreReading
{
    /// <summary>There is no difference to read: see its reason.</summary>
    Unknown = 1,

    /// <summary>The interval holds 0.</summary>
    Undecided = 2,

    /// <summary>The whole interval is on the better side.</summary>
    Better = 3,

    /// <summary>The whole interval is on the worse side.</summary>
    Worse = 4,
}

/// <summary>Why there is no number.</summary>
public enum NoNumber
{
    /// <summary>No unit, no event, or no observation.</summary>
    NoData = 1,

    /// <summary>Fewer units, or events of a quantile, than the method needs.</summary>
    TooFewUnits = 2,

    /// <summary>All units have the same value, so nothing is known about the spread.</summary>
    NoVariance = 3,

    /// <summary>A ratio's denominator sums to zero.</summary>
    ZeroDenominator = 4,

    /// <summary>A relative effect whose baseline can't be told from zero.</summary>
    BaselineNotAwayFromZero = 5,

    /// <summary>A sum is too large for the computation.</summary>
    NotFinite = 6,

    /// <summary>The sums contradict one another.</summary>
    InconsistentSums = 7,

    /// <summary>A design parameter is out of range.</summary>
    InvalidDesign = 8,

    /// <summary>A unit's value lies beyond ±1e9, more than can be added up exactly.</summary>
    Saturated = 9,

    /// <summary>A sum lies beyond what can be kept.</summary>
    Overflow = 10,

    /// <summary>A quantile's histogram counts values of 0 and more; some are negative.</summary>
    NegativeValues = 11,
}
