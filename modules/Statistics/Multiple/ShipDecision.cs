namespace Delivery.Statistics;

/// <summary>A registered success metric of one treatment.</summary>
/// <param name="Key">Metric and treatment, for the reasons.</param>
/// <param name="PSuperior">One-sided p for "better", unadjusted; null without an estimate.</param>
public sealed record SuccessEvidence(string Key, double? PSuperior);

/// <summary>A registered guardrail.</summary>
/// <param name="Key">Metric, for the reasons.</param>
/// <param name="PNonInferior">One-sided p for "not worse by the margin"; null without an estimate.</param>
public sealed record GuardrailResult(string Key, double? PNonInferior);

/// <summary>A test for deterioration, run on every registered metric.</summary>
/// <param name="Key">Metric.</param>
/// <param name="Fired">True when it found harm.</param>
public sealed record DeteriorationResult(string Key, bool Fired);

/// <summary>Everything the ship rule looks at.</summary>
/// <param name="SrmPassed">No sample ratio mismatch.</param>
/// <param name="DataQualityPassed">Data complete and fresh.</param>
/// <param name="Success">Success metrics × treatments, adjusted together by Holm.</param>
/// <param name="Guardrails">Guardrails of the treatment.</param>
/// <param name="Deterioration">Deterioration tests.</param>
/// <param name="Alpha">One-sided level of success tests and of each guardrail; in (0, 1).</param>
public sealed record ShipEvidence(
    bool SrmPassed,
    bool DataQualityPassed,
    IReadOnlyList<SuccessEvidence> Success,
    IReadOnlyList<GuardrailResult> Guardrails,
    IReadOnlyList<DeteriorationResult> Deterioration,
    double Alpha = 0.025);

/// <summary>Why a treatment must not ship.</summary>
public abstract record NoShipReason
{
    private NoShipReason()
    {
    }

    /// <summary>The split is not what was intended: no result can be trusted.</summary>
    public sealed record SampleRatioMismatch : NoShipReason;

    /// <summary>Data are incomplete or stale.</summary>
    public sealed record DataQuality : NoShipReason;

    /// <summary>No success metric is superior after Holm's adjustment.</summary>
    public sealed record NoSuccessMetricSuperior : NoShipReason;

    /// <summary>A guardrail is not shown to be within its margin.</summary>
    /// <param name="Key">Which.</param>
    public sealed record GuardrailNotCleared(string Key) : NoShipReason;

    /// <summary>A guardrail has no estimate. Absence of data is not health.</summary>
    /// <param name="Key">Which.</param>
    public sealed record GuardrailWithoutData(string Key) : NoShipReason;

    /// <summary>A metric got worse.</summary>
    /// <param name="Key">Which.</param>
    public sealed record Deteriorated(string Key) : NoShipReason;
}

/// <summary>May the treatment ship?</summary>
public abstract record ShipVerdict
{
    private ShipVerdict()
    {
    }

    /// <summary>Yes.</summary>
    /// <param name="Superior">The success metrics that carry it.</param>
    public sealed record Ship(IReadOnlyList<string> Superior) : ShipVerdict;

    /// <summary>No.</summary>
    /// <param name="Reasons">All reasons, gravest first.</param>
    public sealed record DoNotShip(IReadOnlyList<NoShipReason> Reasons) : ShipVerdict;
}

/// <summary>One decision from several metrics.</summary>
/// <remarks>
/// M. Schultzberg, S. Ankargren, M. Frånberg, "Risk-aware product decisions in A/B tests with multiple metrics", arXiv:2402.11609v1,
/// decision rule 2: ship ⇔ quality tests pass ∧ at least one success metric superior (Holm) ∧ all guardrails non-inferior (α uncorrected,
/// since all must pass) ∧ no deterioration. For power 1 − β of the decision, plan each test with β/(G + 1), G guardrails.
/// </remarks>
public static class ShipDecision
{
    /// <summary>Decides, and gives every reason against.</summary>
    public static ShipVerdict Decide(ShipEvidence evidence)
    {
        if (evidence.Alpha is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(evidence), evidence.Alpha, "Alpha lies in (0, 1).");
        var reasons = new List<NoShipReason>();
        if (!evidence.SrmPassed) reasons.Add(new NoShipReason.SampleRatioMismatch());
        if (!evidence.DataQualityPassed) reasons.Add(new NoShipReason.DataQuality());
        reasons.AddRange(evidence.Deterioration.Where(d => d.Fired).Select(d => new NoShipReason.Deteriorated(d.Key)));
        foreach (var guardrail in evidence.Guardrails)
        {
            if (guardrail.PNonInferior is not { } p) reasons.Add(new NoShipReason.GuardrailWithoutData(guardrail.Key));
            else if (!(p <= evidence.Alpha)) reasons.Add(new NoShipReason.GuardrailNotCleared(guardrail.Key));
        }

        // A metric without an estimate counts as p = 1: it stays in the family, so missing data never makes the others easier.
        var adjusted = PAdjustment.Holm([.. evidence.Success.Select(s => s.PSuperior ?? 1)]);
        string[] superior = [.. evidence.Success.Where((_, i) => adjusted[i] <= evidence.Alpha).Select(s => s.Key)];
        if (superior.Length == 0) reasons.Add(new NoShipReason.NoSuccessMetricSuperior());
        return reasons.Count == 0 ? new ShipVerdict.Ship(superior) : new ShipVerdict.DoNotShip(reasons);
    }
}
