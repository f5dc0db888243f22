using Delivery.Contracts.Metrics;
using Delivery.Statistics;

namespace Delivery.Metrics.Measuring;

/// <summary>The moments of each metric in one variant of one epoch.</summary>
internal sealed class MomentArm(long version, string variant, IReadOnlyList<MeasuredMetric> metrics) : IComparable<MomentArm>
{
    private readonly Moments[] _moments = new Moments[metrics.Count];
    private readonly long[] _saturated = new long[metrics.Count];
    private readonly LogHistogram?[] _values = [.. metrics.Select(m => m.Kind == MetricKind.Quantile ? new LogHistogram() : null)];

    public long Units { get; private set; }

    public void Add(UnitSums[] sums, IEnumerable<(int Metric, long Amount)> counted)
    {
        Units++;
        for (var m = 0; m < metrics.Count; m++)
        {
            _moments[m] = _moments[m].Add(metrics[m].Value(sums[m]));
            _saturated[m] += MeasuredMetric.Saturates(sums[m]) ? 1 : 0;
        }

        foreach (var (metric, amount) in counted)
            AddEvent(metric, amount);
    }

    public void Retract(UnitSums[] sums, IEnumerable<(int Metric, long Amount)> counted)
    {
        Units--;
        for (var m = 0; m < metrics.Count; m++)
        {
            _moments[m] = _moments[m].Retract(metrics[m].Value(sums[m]));
            _saturated[m] -= MeasuredMetric.Saturates(sums[m]) ? 1 : 0;
        }

        foreach (var (metric, amount) in counted)
            _values[metric]!.Retract(amount);
    }

    /// <summary>A unit of the arm moves from one value to another.</summary>
    public void Move(int metric, in UnitSums before, in UnitSums after)
    {
        _moments[metric] = _moments[metric].Update(metrics[metric].Value(before), metrics[metric].Value(after));
        _saturated[metric] += (MeasuredMetric.Saturates(after) ? 1 : 0) - (MeasuredMetric.Saturates(before) ? 1 : 0);
    }

    /// <summary>Negative values have no place in a histogram; a quantile is of durations and amounts.</summary>
    public void AddEvent(int metric, long amount) => _values[metric]!.Add(amount);

    public IEnumerable<MomentCell> Read(IEnumerable<MeasuredUnit> units)
    {
        var mine = metrics.Any(m => m.Kind == MetricKind.Quantile) ? units.ToList() : [];
        for (var m = 0; m < metrics.Count; m++)
            yield return new MomentCell(version, variant, metrics[m].Key, Sums(_moments[m]), _saturated[m], _values[m] is { } values ? Quantile(values, m, mine) : null);
    }

    public int CompareTo(MomentArm? other) => other is null ? 1 : version != other.Version ? version.CompareTo(other.Version) : string.CompareOrdinal(variant, other.Variant);

    private long Version => version;

    private string Variant => variant;

    private QuantileSums Quantile(LogHistogram values, int metric, List<MeasuredUnit> units)
    {
        var bucket = values.BucketOfRank(Math.Max(1, (long)Math.Ceiling(metrics[metric].Quantile * values.Count))) ?? -1;
        var atMost = new Moments();
        foreach (var unit in units)
        {
            var (below, all) = (0L, 0L);
            foreach (var amount in unit.Amounts(metric).Where(amount => amount >= 0))
            {
                all += FixedPoint.Scale;
                below += LogHistogram.BucketOf(amount) <= bucket ? FixedPoint.Scale : 0;
            }

            atMost = atMost.Add(new UnitValues(below, all, 0, 0));
        }

        return new QuantileSums([.. values.Filled().Select(f => new ValueBucket(LogHistogram.LowestOf(f.Bucket), LogHistogram.HighestOf(f.Bucket) + 1, f.Count))], Sums(atMost));
    }

    private static MomentSums Sums(Moments m) => new(
        m.N, m.MPost, m.DPost, m.MPre, m.DPre,
        m.MPostMPost, m.MPostDPost, m.MPostMPre, m.MPostDPre, m.DPostDPost,
        m.DPostMPre, m.DPostDPre, m.MPreMPre, m.MPreDPre, m.DPreDPre);
}
