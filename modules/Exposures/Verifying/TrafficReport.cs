using Delivery.Statistics;

namespace Delivery.Exposures.Verifying;

/// <summary>Whether the units of a flag reach its variants as intended.</summary>
/// <param name="Overall">Each unit once, in the epoch in which it first met the flag; all epochs and splits together.</param>
/// <param name="Epochs">The spans in which the allocation did not change, oldest first; each unit once in each.</param>
/// <param name="Forecast">Whether as many units met it lately as was to be expected.</param>
/// <param name="IsOff">Whether the flag is off for everyone now.</param>
internal sealed record TrafficReport(
    string Flag, string Environment, string? Owner, OverallTraffic Overall, IReadOnlyList<EpochTraffic> Epochs, TrafficForecast Forecast, bool IsOff);

/// <summary>All epochs together.</summary>
/// <param name="Units">Units tested.</param>
/// <param name="P">The sequential p-value of this look; null without data.</param>
/// <param name="Level">passed, warned (p below .01) or blocked (p below .001); null without data.</param>
/// <param name="Arms">Expected units summed over the epochs, against the recorded.</param>
internal sealed record OverallTraffic(long Units, double? P, SrmLevel? Level, IReadOnlyList<ArmTraffic> Arms);

/// <summary>One epoch.</summary>
/// <param name="To">When the next began; absent for the present one.</param>
/// <param name="Units">Distinct units that met the flag under it, whatever decided.</param>
/// <param name="UnitsPerHour">At that rate.</param>
/// <param name="ForecastUnitsPerHour">The rate of the epoch before: what was to be expected if people come as they came.</param>
internal sealed record EpochTraffic(
    long FirstVersion, long LastVersion, DateTimeOffset From, DateTimeOffset? To, long Units, double? UnitsPerHour, double? ForecastUnitsPerHour,
    IReadOnlyList<SplitTraffic> Splits);

/// <summary>One split in one epoch.</summary>
/// <param name="Rule">The rule's id; absent for the default.</param>
/// <param name="IntendedExposurePercent">The exposure percentage.</param>
/// <param name="RecordedExposurePercent">The exposed part of the units that reached it; absent where that can't be told.</param>
/// <param name="UnexpectedUnits">Units that the rule gave a variant it does not serve.</param>
/// <param name="ChiSquare">Pearson's test, for one look.</param>
/// <param name="P">The sequential p-value of this look.</param>
/// <param name="Level">passed, warned or blocked.</param>
/// <param name="NotTested">Why there is no test: <c>no-units</c>, <c>one-arm</c>, <c>holdout</c>.</param>
internal sealed record SplitTraffic(
    string? Rule, double IntendedExposurePercent, double? RecordedExposurePercent, IReadOnlyList<ArmTraffic> Arms, long UnexpectedUnits,
    PearsonChiSquare? ChiSquare, double? P, SrmLevel? Level, string? NotTested);

/// <summary>One arm.</summary>
/// <param name="Rule">The split's rule; absent for the default.</param>
/// <param name="Variant">The variant; absent for the control: units that the split passed on.</param>
/// <param name="ExpectedUnits">The intended share of the units of all arms.</param>
/// <param name="RecordedUnits">Distinct units.</param>
internal sealed record ArmTraffic(string? Rule, string? Variant, double ExpectedUnits, long RecordedUnits);
