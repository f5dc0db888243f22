using Delivery.Statistics;

namespace Delivery.Metrics.Folding;

/// <summary>
/// The units of a shard that met one flag: a row each of first exposure, arm and columns, and the sums over them. Columns are
/// Int64; the rare sum that outgrows it is kept beside as Int128, so that no order of events changes a number.
/// </summary>
internal sealed class FlagRows(FlagFold flag)
{
    private const int Exposed = 0;
    private const int ArmAndNext = 1;
    private const int FirstColumn = 2;
    private const int FlagBits = 6;

    /// <summary>Stands for a sum in <see cref="_wide"/>.</summary>
    private const long Wide = long.MinValue;

    private readonly FlagPlan _plan = flag.Plan;
    private readonly Dictionary<(int Row, int Column), Int128> _wide = [];
    private Chunks<long> _rows = new(FirstColumn + flag.Plan.Columns);
    private UnitValuesPool _values = new();
    private ArmSums?[] _arms = [];

    /// <summary>How many flags a shard can tell apart.</summary>
    public const int MostFlags = 1 << FlagBits;

    public long Bytes => _rows.Bytes + _values.Bytes;

    /// <summary>A row of a flag in one number, never 0.</summary>
    public static int Code(int row, int flagNumber) => ((row << FlagBits) | flagNumber) + 1;

    public static (int Row, int Flag) Decode(int code) => ((code - 1) >> FlagBits, (code - 1) & (MostFlags - 1));

    /// <summary>The code of the next flag that the row's unit met.</summary>
    public int NextOf(int row) => (int)_rows.Row(row)[ArmAndNext];

    public long ExposedAt(int row) => _rows[row];

    public int ArmOf(int row) => (int)(_rows.Row(row)[ArmAndNext] >> 32);

    public ArmSums? SumsOf(int arm) => arm < _arms.Length ? _arms[arm] : null;

    /// <summary>A row for a unit that did not meet the flag before.</summary>
    public int Add(int next)
    {
        var row = _rows.Add();
        _rows.Row(row)[ArmAndNext] = (uint)next;
        return row;
    }

    /// <summary>The unit's first exposure is another one than was known, or the first at all; its columns are empty.</summary>
    public void Set(int row, long exposedAt, int arm)
    {
        var values = _rows.Row(row);
        values[Exposed] = exposedAt;
        values[ArmAndNext] = ((long)arm << 32) | (uint)(int)values[ArmAndNext];
    }

    /// <summary>Takes the unit out of its arm and empties its columns.</summary>
    public void Retract(int row)
    {
        var arm = Arm(ArmOf(row));
        Count(row, arm, -1);
        foreach (var metric in _plan.QuantileMetrics)
            _values.Clear(ref _rows.Row(row)[FirstColumn + _plan.Metrics[metric].Values], arm.Values[metric]!);
        for (var column = 0; column < _plan.Columns && _wide.Count > 0; column++)
            _wide.Remove((row, column));
        _rows.Row(row)[FirstColumn..].Clear();
    }

    /// <summary>Puts the unit into its arm as its columns say.</summary>
    public void Count(int row) => Count(row, Arm(ArmOf(row)), 1);

    /// <summary>An event of a unit that is not counted yet.</summary>
    public void Sum(int row, int set, long ticks, long amount)
    {
        var columns = _rows.Row(row)[FirstColumn..];
        var after = ticks - ExposedAt(row);
        var use = _plan.UseOf(set);
        foreach (ref readonly var column in use.ColumnsAt(after))
        {
            if (column.Counts(after))
                Add(ref columns[column.Column], row, column.Column, column.AmountOf(amount));
        }

        Keep(row, use, after, amount);
    }

    /// <summary>An event of a unit that is counted: its sums move. Gives the code of the next flag that the unit met.</summary>
    public int Move(int row, in UnitAmount e)
    {
        var values = _rows.Row(row);
        var (after, armAndNext) = (e.Ticks - values[Exposed], values[ArmAndNext]);
        var columns = values[FirstColumn..];
        var use = _plan.UseOf(e.Set);
        var arm = Arm((int)(armAndNext >> 32));
        foreach (ref readonly var column in use.ColumnsAt(after))
        {
            if (!column.Counts(after))
                continue;
            ref var sum = ref columns[column.Column];
            var (before, change) = (sum, column.AmountOf(e.Amount));
            var now = unchecked(before + change);
            if (IsBeyond(before) || IsBeyond(now))
            {
                MoveBeyond(columns, row, arm, column, change);
                continue;
            }

            sum = now;
            Shift(columns, row, arm, column, before, now);
        }

        if (use.Values.Length > 0)
            Keep(row, use, after, e.Amount);
        return (int)armAndNext;
    }

    public void Prefetch(int row) => _rows.Prefetch(row);

    /// <summary>Per unit of an arm: its events up to a bucket, and all of them, as m and d.</summary>
    public MomentSum AtMost(int arm, int metric, int bucket)
    {
        var sum = new MomentSum();
        var column = FirstColumn + _plan.Metrics[metric].Values;
        for (var row = 0; row < _rows.Count; row++)
        {
            if (ArmOf(row) != arm)
                continue;
            var (below, all) = _values.CountUpTo(_rows.Row(row)[column], bucket);
            sum.Count(new UnitValues(below * FixedPoint.Scale, all * FixedPoint.Scale, 0, 0), 1);
        }

        return sum;
    }

    public void Write(SnapshotWriter writer)
    {
        _rows.Write(writer);
        _values.Write(writer);
        writer.Int(_wide.Count);
        foreach (var ((row, column), sum) in _wide)
        {
            writer.Int(row);
            writer.Int(column);
            writer.Values(new ReadOnlySpan<Int128>(in sum));
        }
    }

    /// <summary>Reads the rows; the sums over them are worked out again.</summary>
    public static FlagRows Read(SnapshotReader reader, FlagFold flag)
    {
        var read = new FlagRows(flag) { _rows = Chunks<long>.Read(reader, FirstColumn + flag.Plan.Columns), _values = UnitValuesPool.Read(reader) };
        Span<Int128> sum = stackalloc Int128[1];
        for (var left = reader.Int(); left > 0; left--)
        {
            var (row, column) = (reader.Int(), reader.Int());
            reader.Values(sum);
            read._wide.Add((row, column), sum[0]);
        }

        for (var row = 0; row < read._rows.Count; row++)
        {
            read.Count(row);
            foreach (var metric in flag.Plan.QuantileMetrics)
                read._values.AddTo(read.Arm(read.ArmOf(row)).Values[metric]!, read._rows.Row(row)[FirstColumn + flag.Plan.Metrics[metric].Values]);
        }

        return read;
    }

    private void Count(int row, ArmSums arm, int sign)
    {
        var columns = _rows.Row(row)[FirstColumn..];
        arm.Units += sign;

        // Caps are not below 0, so that a unit without events adds 0 to everything.
        if (!columns.ContainsAnyExcept(0))
            return;
        for (var m = 0; m < _plan.Metrics.Length; m++)
        {
            arm.Sums[m].Count(ValuesOf(columns, row, _plan.Metrics[m]), sign);
            arm.Saturated[m] += IsSaturated(columns, _plan.Metrics[m], except: -1) ? sign : 0;
        }
    }

    /// <summary>A sum that is beyond the bound, or comes to be: what counts is the bound, and the unit is told.</summary>
    private void MoveBeyond(Span<long> columns, int row, ArmSums arm, in ColumnUse use, long change)
    {
        ref var sum = ref columns[use.Column];
        var (before, wasBeyond) = (Bounded(sum, row, use.Column), IsBeyond(sum));
        Add(ref sum, row, use.Column, change);
        var (now, isBeyond) = (Bounded(sum, row, use.Column), IsBeyond(sum));
        Shift(columns, row, arm, use, before, now);
        if (isBeyond == wasBeyond || use.Component == FoldedMetric.HistoryComponent)
            return;
        foreach (var m in use.Metrics)
        {
            if (!IsSaturated(columns, _plan.Metrics[m], use.Column))
                arm.Saturated[m] += isBeyond ? 1 : -1;
        }
    }

    private void Shift(ReadOnlySpan<long> columns, int row, ArmSums arm, in ColumnUse use, long before, long now)
    {
        if (use.Component != 0)
        {
            ShiftOther(columns, row, arm, use, before, now);
            return;
        }

        foreach (var m in use.Metrics)
        {
            ref readonly var metric = ref _plan.Metrics[m];
            var (from, to) = (metric.Shape(0, before), metric.Shape(0, now));
            if (from != to)
                arm.Sums[m].ShiftOutcome(to - from, from, Bounded(columns, row, metric.DPost), metric.Shape(2, Bounded(columns, row, metric.MPre)), SecondCovariate(columns, row, metric));
        }
    }

    private void ShiftOther(ReadOnlySpan<long> columns, int row, ArmSums arm, in ColumnUse use, long before, long now)
    {
        foreach (var m in use.Metrics)
        {
            ref readonly var metric = ref _plan.Metrics[m];
            var countsHistory = use.Component == 2 && metric.CountsOwnHistory;
            var (from, to) = (metric.Shape(use.Component, before), metric.Shape(use.Component, now));
            if (from != to)
            {
                var values = ValuesOf(columns, row, metric);
                values = use.Component switch { 1 => values with { DPost = from }, 2 => values with { MPre = from }, _ => values with { DPre = from } };
                if (countsHistory)
                    values = values with { DPre = FoldedMetric.Indicator(before) };
                arm.Sums[m].Shift(Math.Min(use.Component, 3), to - from, values);
            }

            var (had, has) = (FoldedMetric.Indicator(before), FoldedMetric.Indicator(now));
            if (countsHistory && had != has)
                arm.Sums[m].Shift(3, has - had, ValuesOf(columns, row, metric) with { DPre = had });
        }
    }

    private void Keep(int row, SetUse set, long after, long amount)
    {
        foreach (ref readonly var use in set.Values.AsSpan())
        {
            var value = use.SumsAmount ? amount : FixedPoint.Scale;
            if (after >= 0 && after < use.Window)
                _values.Add(ref _rows.Row(row)[FirstColumn + use.Column], value, Arm(ArmOf(row)).Values[use.Metric]!);
        }
    }

    private UnitValues ValuesOf(ReadOnlySpan<long> columns, int row, in FoldedMetric metric) => new(
        metric.Shape(0, Bounded(columns, row, metric.MPost)), Bounded(columns, row, metric.DPost),
        metric.Shape(2, Bounded(columns, row, metric.MPre)), SecondCovariate(columns, row, metric));

    private long SecondCovariate(ReadOnlySpan<long> columns, int row, in FoldedMetric metric) =>
        metric.History < 0 ? Bounded(columns, row, metric.DPre) : FoldedMetric.Indicator(Bounded(columns, row, metric.History));

    private static bool IsSaturated(ReadOnlySpan<long> columns, in FoldedMetric metric, int except) =>
        IsBeyond(columns, metric.MPost, except) || IsBeyond(columns, metric.DPost, except) || IsBeyond(columns, metric.MPre, except) || IsBeyond(columns, metric.DPre, except);

    private static bool IsBeyond(ReadOnlySpan<long> columns, int column, int except) => column >= 0 && column != except && IsBeyond(columns[column]);

    private static bool IsBeyond(long sum) => sum is > FoldedMetric.Bound or < -FoldedMetric.Bound;

    private long Bounded(ReadOnlySpan<long> columns, int row, int column) => column < 0 ? 0 : Bounded(columns[column], row, column);

    private long Bounded(long sum, int row, int column) =>
        sum == Wide ? Int128.IsNegative(_wide[(row, column)]) ? -FoldedMetric.Bound : FoldedMetric.Bound : Math.Clamp(sum, -FoldedMetric.Bound, FoldedMetric.Bound);

    private void Add(ref long sum, int row, int column, long amount)
    {
        var next = sum + amount;
        if (sum != Wide && next != Wide && ((sum ^ next) & (amount ^ next)) >= 0)
        {
            sum = next;
            return;
        }

        var exact = (sum == Wide ? _wide[(row, column)] : sum) + amount;
        var fits = exact > long.MinValue && exact <= long.MaxValue;
        sum = fits ? (long)exact : Wide;
        if (fits)
            _wide.Remove((row, column));
        else
            _wide[(row, column)] = exact;
    }

    private ArmSums Arm(int number)
    {
        if (number >= _arms.Length)
            Array.Resize(ref _arms, Math.Max(4, number * 2));
        return _arms[number] ??= new ArmSums(_plan);
    }
}
