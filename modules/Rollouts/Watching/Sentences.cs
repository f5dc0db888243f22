using System.Globalization;
using Delivery.Contracts.Metrics;
using Delivery.Contracts.Rollouts;

namespace Delivery.Rollouts;

/// <summary>Decisions in words, with their numbers.</summary>
internal static class Sentences
{
    public static string BreakerRule(BreakerPlan breaker) => Text(
        $"abort when the e-value on failing units reaches {1 / breaker.Alpha:N0} (tolerated ratio {breaker.ToleratedRatio:0.##}, {breaker.StrictToleratedRatio:0.##} in a stage's first {breaker.StrictSeconds:0} s)");

    public static string BreakerFired(Evidence e)
    {
        var after = e.SecondsToDecision is { } seconds ? Text($", {seconds:0.0} s after the first failure") : "";
        return Text($"Breaker: {e.Released.FailingUnits:N0} of {e.Released.Units:N0} exposed units failed against {e.Control.FailingUnits:N0} of {e.Control.Units:N0}; e-value {Number(e.EValue)} ≥ {Number(e.Threshold)}{after}.");
    }

    public static string GuardrailRule(Guardrail guardrail) => Text(
        $"abort when {guardrail.Metric.Word} is worse by more than {Margin(guardrail)}, whenever it is looked at (α {guardrail.Alpha:0.######})");

    public static string GuardrailWorse(Evidence e, double secondsInStage)
    {
        var arms = e.Metric.StartsWith("latency", StringComparison.Ordinal)
            ? Text($"p95 {e.Released.P95Milliseconds:0} ms in {e.Released.Requests:N0} requests of {e.Released.Units:N0} exposed units against {e.Control.P95Milliseconds:0} ms")
            : Text($"{e.Released.Units:N0} exposed units against {e.Control.Units:N0}");
        return Text($"Guardrail {e.Metric}: worse by {e.Estimate:0.##} {e.Unit}, at least {e.Lower:0.##} {e.Unit} where {e.Threshold:0.##} {e.Unit} is tolerated; {arms}; {secondsInStage:0} s into the stage.");
    }

    public static string Blind(string what, DateTimeOffset? last, DateTimeOffset start) => last > start
        ? Text($"Blind: no {what} since {last:HH:mm:ss} UTC.")
        : Text($"Blind: no {what} at all since {start:HH:mm:ss} UTC.");

    public static string NotWhole(SourceStanding source) => $"Blind: {Numbers(source)}.";

    /// <summary>Why a source's numbers are not decided on.</summary>
    public static string Numbers(SourceStanding source)
    {
        var what = source.Outcome switch
        {
            SourceOutcome.Ok => "answers",
            SourceOutcome.Stale => "has only old data",
            SourceOutcome.Partial => "has a part of the data",
            SourceOutcome.NoData => "has no data",
            SourceOutcome.Error => "fails",
            SourceOutcome.Silent => "does not answer",
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        return Text($"the metric source '{source.Source}' {what} since {source.Since:HH:mm:ss} UTC{(source.Why is null ? "" : $" ({source.Why})")}");
    }

    public static string LookFailed(string reason, DateTimeOffset since) =>
        Text($"Blind: no look succeeded since {since:HH:mm:ss} UTC ({reason}).");

    /// <summary>Why the platform did what an event says, for those who read the record; null where the event needs no reason.</summary>
    public static string? Why(object verdict) => verdict switch
    {
        RolloutAborted e => e.Reason,
        RolloutHeld e => e.Reason,
        RolloutSawAgain => "Data is there again.",
        StageEntered { Because: { } gate } e => Text($"The stage before held {Gate(gate)}; '{e.Name}' exposes {e.ExposurePpm / 10_000.0:0.####} %."),
        ApprovalAsked e => Text($"Stage '{e.Name}' held {Gate(e.Because)}; a person has to approve that it goes on."),
        RolloutCompleted e => Text($"The last stage held {Gate(e.Because)}."),
        _ => null,
    };

    private static string Gate(GateEvidence gate)
    {
        var eValue = gate.EValue is null ? "" : Text($"; breaker e-value {Number(gate.EValue)} of {Number(gate.Threshold)}");
        return Text($"{gate.SecondsOpen:0} s and {gate.Exposures:N0} exposures{eValue}");
    }

    public static string Number(double? value) => value switch
    {
        null => "unknown",
        >= 1e9 => value.Value.ToString("0.0e+0", CultureInfo.InvariantCulture),
        >= 100 => value.Value.ToString("N0", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("0.##", CultureInfo.InvariantCulture),
    };

    public static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Margin(Guardrail guardrail) => guardrail switch
    {
        { MarginMilliseconds: { } ms } => Text($"{ms:0.##} ms"),
        { MarginPoints: { } points } => Text($"{points:0.##} percentage points"),
        _ => Text($"{guardrail.MarginPercent:0.##} %"),
    };
}
