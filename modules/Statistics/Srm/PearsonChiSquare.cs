namespace Delivery.Statistics;

/// <summary>Pearson's goodness-of-fit test of a traffic split.</summary>
/// <param name="ChiSquared">Σ (observed − expected)² / expected.</param>
/// <param name="P">Upper tail with (arms − 1) degrees of freedom. Valid for one look.</param>
public sealed record PearsonChiSquare(double ChiSquared, double P)
{
    /// <summary>K. Pearson 1900. Null when there are no users or the weights are unusable: see <see cref="SplitCounts"/>.</summary>
    public static PearsonChiSquare? Of(SplitCounts counts)
    {
        if (counts.Refusal is not null || counts.Total == 0) return null;
        var chiSquared = 0.0;
        for (var arm = 0; arm < counts.Users.Count; arm++)
        {
            var expected = counts.Share(arm) * counts.Total;
            var gap = counts.Users[arm] - expected;
            chiSquared += gap * gap / expected;
        }

        return new PearsonChiSquare(chiSquared, ChiSquare.Survival(chiSquared, counts.Users.Count - 1));
    }
}
