using Delivery.Contracts.Metrics;
using Delivery.Statistics;

namespace Delivery.Metrics.Folding;

/// <summary>The answer for one flag: the shards' sums, added up with a check.</summary>
internal sealed class MomentReading(FlagFold flag, IReadOnlyList<FlagRows> shards)
{
    public IReadOnlyList<MomentCell> Read(IReadOnlyList<MetricToMeasure> metrics) =>
        [.. flag.Arms.Index().OrderBy(arm => arm.Item).Where(arm => Sums(arm.Index).Any(sums => sums.Units > 0)).SelectMany(arm => metrics.Select(metric => Cell(arm.Index, arm.Item, metric)))];

    private MomentCell Cell(int arm, Arm key, MetricToMeasure asked)
    {
        var metric = flag.Plan.IndexOf(asked.Definition);
        var saturated = Sums(arm).Sum(sums => sums.Saturated[metric]);
        if (Total(Sums(arm).Select(sums => sums.Sums[metric].With(sums.Units))) is not { } total)
            return new MomentCell(key.Version, key.Variant, asked.Key, MomentSums.None, saturated, null, MomentRefusal.Overflow);
        return new MomentCell(
            key.Version, key.Variant, asked.Key, Contract(total), saturated,
            flag.Plan.Metrics[metric].Values >= 0 ? Quantile(arm, metric, (long)total.N) : null, saturated > 0 ? MomentRefusal.Saturated : null);
    }

    private QuantileSums Quantile(int arm, int metric, long units)
    {
        var values = new LogHistogram();
        foreach (var sums in Sums(arm))
            values.Merge(sums.Values[metric]!);
        var bucket = values.BucketOfRank(Math.Max(1, (long)Math.Ceiling(flag.Plan.Metrics[metric].Quantile * values.Count))) ?? -1;
        var atMost = Total(shards.Select(rows => rows.AtMost(arm, metric, bucket).With(0))) ?? throw new OverflowException("More events than can be counted.");
        return new QuantileSums(
            [.. values.Filled().Select(f => new ValueBucket(LogHistogram.LowestOf(f.Bucket), End(f.Bucket), f.Count))], Contract(atMost with { N = units }));
    }

    private static long End(int bucket) => bucket == LogHistogram.LastBucket ? long.MaxValue : LogHistogram.HighestOf(bucket) + 1;

    private IEnumerable<ArmSums> Sums(int arm) => shards.Select(rows => rows.SumsOf(arm)).OfType<ArmSums>();

    private static Moments? Total(IEnumerable<Moments> parts)
    {
        try
        {
            return parts.Aggregate(new Moments(), (all, part) => all.Merge(part));
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    private static MomentSums Contract(Moments m) => new(
        m.N, m.MPost, m.DPost, m.MPre, m.DPre,
        m.MPostMPost, m.MPostDPost, m.MPostMPre, m.MPostDPre, m.DPostDPost,
        m.DPostMPre, m.DPostDPre, m.MPreMPre, m.MPreDPre, m.DPreDPre);
}
