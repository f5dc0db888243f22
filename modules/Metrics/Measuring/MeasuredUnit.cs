namespace Delivery.Metrics.Measuring;

/// <summary>One unit: its first exposure, its raw events, and its sums per metric.</summary>
internal sealed class MeasuredUnit(IReadOnlyList<MeasuredMetric> metrics)
{
    private readonly UnitSums[] _sums = new UnitSums[metrics.Count];
    private readonly List<RawAmount> _raw = new(2);
    private long _exposed;

    /// <summary>The arm of the first exposure; null before any.</summary>
    public MomentArm? Arm { get; private set; }

    /// <summary>The unit met the flag. Only its first exposure decides; at the same instant the lower version, then variant.</summary>
    public void Expose(long ticks, MomentArm arm)
    {
        if (Arm is { } known && (ticks > _exposed || (ticks == _exposed && known.CompareTo(arm) <= 0)))
            return;
        Arm?.Retract(_sums, Counted());
        (Arm, _exposed) = (arm, ticks);
        Array.Clear(_sums);
        foreach (var raw in _raw)
            Sum(raw);
        arm.Add(_sums, Counted());
    }

    /// <summary>An event adds to a source.</summary>
    public void Measure(int source, long ticks, long amount)
    {
        var raw = new RawAmount(ticks, amount, source);
        _raw.Add(raw);
        if (Arm is not { } arm)
            return;
        for (var m = 0; m < metrics.Count; m++)
        {
            var before = _sums[m];
            if (!Sum(raw, m))
                continue;
            arm.Move(m, before, _sums[m]);
            if (IsCounted(raw, m))
                arm.AddEvent(m, amount);
        }
    }

    /// <summary>The events that a quantile metric counts.</summary>
    public IEnumerable<long> Amounts(int metric) => _raw.Where(raw => IsCounted(raw, metric)).Select(raw => raw.Amount);

    private IEnumerable<(int Metric, long Amount)> Counted() =>
        Enumerable.Range(0, metrics.Count).Where(m => metrics[m].Kind == Contracts.Metrics.MetricKind.Quantile)
            .SelectMany(m => Amounts(m).Select(amount => (m, amount)));

    private bool IsCounted(RawAmount raw, int metric) =>
        metrics[metric].Kind == Contracts.Metrics.MetricKind.Quantile && raw.Source == metrics[metric].Measure
        && raw.Ticks >= _exposed && raw.Ticks - _exposed < metrics[metric].WindowTicks;

    private void Sum(RawAmount raw)
    {
        for (var m = 0; m < metrics.Count; m++)
            Sum(raw, m);
    }

    private bool Sum(RawAmount raw, int index)
    {
        var metric = metrics[index];
        ref var sums = ref _sums[index];
        var after = raw.Ticks - _exposed;
        var (post, pre) = (after >= 0 && after < metric.WindowTicks, after < 0 && -after <= MeasuredMetric.HistoryTicks);
        if ((!post && !pre) || (raw.Source != metric.Measure && raw.Source != metric.Per))
            return false;
        if (raw.Source == metric.Measure)
            (post ? ref sums.MPost : ref sums.MPre) += raw.Amount;
        if (raw.Source == metric.Per)
            (post ? ref sums.DPost : ref sums.DPre) += raw.Amount;
        return true;
    }

    private readonly record struct RawAmount(long Ticks, long Amount, int Source);
}
