using Delivery.Contracts.Metrics;
using Delivery.Metrics.Health;

namespace Delivery.Metrics.Measuring;

/// <summary>Both pipelines at the same positions, and where they differ.</summary>
/// <param name="Cells">How many cells were compared.</param>
/// <param name="Differences">Cells on which the pipelines disagree; none when all is well.</param>
/// <param name="ExposurePosition">Up to here in the exposure ledger.</param>
/// <param name="EventPosition">Up to here in the event log.</param>
internal sealed record MomentCheck(int Cells, IReadOnlyList<MomentDifference> Differences, long ExposurePosition, long EventPosition)
{
    /// <summary>Compares what somebody asks for.</summary>
    public static async Task<MomentCheck> RunAsync(GetMoments question, MomentBook book, MomentSql sql, CancellationToken cancellationToken)
    {
        var (folded, limits) = await book.ReadWithLimitsAsync(question, cancellationToken);
        return await RunAsync(question, folded, limits, sql, cancellationToken);
    }

    /// <summary>Compares moments with the SQL's.</summary>
    public static async Task<MomentCheck> RunAsync(GetMoments question, MetricMoments folded, FoldLimits limits, MomentSql sql, CancellationToken cancellationToken)
    {
        var differences = new List<MomentDifference>();
        var cells = 0;
        var recomputed = await sql.ReadAsync(question, limits, folded.ExposurePosition, folded.EventPosition, cancellationToken);
        foreach (var metric in question.Metrics)
        {
            var (one, other) = (ByArm(folded.Cells.Where(c => c.Metric == metric.Key)), ByArm(recomputed.Where(c => c.Metric == metric.Key)));
            foreach (var arm in one.Keys.Union(other.Keys))
            {
                cells++;
                if (one.GetValueOrDefault(arm) != other.GetValueOrDefault(arm))
                    differences.Add(new MomentDifference(metric.Key, arm.FlagVersion, arm.Variant, one.GetValueOrDefault(arm), other.GetValueOrDefault(arm)));
            }
        }

        return new MomentCheck(cells, differences, folded.ExposurePosition, folded.EventPosition);
    }

    private static Dictionary<(long FlagVersion, string Variant), MomentSums> ByArm(IEnumerable<MomentCell> cells) =>
        cells.ToDictionary(c => (c.FlagVersion, c.Variant), c => c.Sums);
}

/// <summary>A cell on which the pipelines disagree.</summary>
internal sealed record MomentDifference(string Metric, long FlagVersion, string Variant, MomentSums? Folded, MomentSums? Recomputed);
