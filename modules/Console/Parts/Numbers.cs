using System.Globalization;
using Delivery.Contracts.Rollouts;

namespace Delivery.Console.Parts;

/// <summary>Numbers as people read them: with unit, never a bare dash for "unknown".</summary>
internal static class Numbers
{
    private const string None = "no data";

    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    public static string Of(long count) => count.ToString("N0", Culture);

    public static string Of(double value, int decimals) => value.ToString("N" + decimals.ToString(Culture), Culture);

    public static string Percent(double percent) => percent.ToString("0.####", Culture) + " %";

    public static string Clock(DateTimeOffset time) => time.ToUniversalTime().ToString("HH:mm:ss", Culture) + " UTC";

    public static string Milliseconds(double? value) => value is { } ms ? Of(ms, ms < 10 ? 1 : 0) + " ms" : None;

    public static string P95(ArmEvidence? arm) => Milliseconds(arm?.P95Milliseconds);

    /// <summary>"9 of 152 failing (5.9 %)".</summary>
    public static string Failing(ArmEvidence? arm) => arm is null or { Units: 0 }
        ? None
        : $"{Of(arm.FailingUnits)} of {Of(arm.Units)} failing ({(100.0 * arm.FailingUnits / arm.Units).ToString("0.0#", Culture)} %)";

    /// <summary>An e-value from its natural logarithm: plain up to a million, then as a power of ten.</summary>
    public static string EValue(double log)
    {
        var value = Math.Exp(Math.Min(log, 700));
        return value switch
        {
            >= 1e6 => "10^" + (log / Math.Log(10)).ToString("0.#", Culture),
            >= 10 => value.ToString("N0", Culture),
            _ => value.ToString("0.###", Culture),
        };
    }

    public static string With(double? value, string? unit) => value is { } v ? $"{v.ToString("0.###", Culture)} {unit}".TrimEnd() : None;

    public static string Interval(Evidence evidence) => (evidence.Lower, evidence.Upper) switch
    {
        ({ } lower, { } upper) => $"{lower.ToString("0.###", Culture)} to {upper.ToString("0.###", Culture)} {evidence.Unit}".TrimEnd(),
        ({ } lower, null) => $"at least {lower.ToString("0.###", Culture)} {evidence.Unit}".TrimEnd(),
        (null, { } upper) => $"at most {upper.ToString("0.###", Culture)} {evidence.Unit}".TrimEnd(),
        _ => None,
    };
}
