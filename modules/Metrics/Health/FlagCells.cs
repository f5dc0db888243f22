using Delivery.Contracts.Metrics;
using Delivery.Statistics;

namespace Delivery.Metrics.Health;

/// <summary>The cells of one flag in one environment.</summary>
internal sealed class FlagCells
{
    private readonly Dictionary<(long Version, string Variant), Cell> _cells = [];
    private readonly List<Overlap> _overlaps = [];

    public int Count => _cells.Count;

    /// <summary>When the newest exposure was received, in ticks; 0 without one.</summary>
    public long LastExposure { get; set; }

    /// <summary>When the newest event was received that names the flag or is of a unit that met it, in ticks; 0 without one.</summary>
    public long LastEvent { get; set; }

    /// <summary>When someone asked last, in ticks.</summary>
    public long LastAsked { get; set; }

    public Cell? Find(long version, string variant) => _cells.GetValueOrDefault((version, variant));

    public Cell Open(long version, string variant)
    {
        var cell = new Cell(version, variant);
        _cells.Add((version, variant), cell);
        return cell;
    }

    /// <summary>
    /// A unit met one more variant of a version. Units that met several are remembered by the set of them, so that arms of
    /// several variants count each unit once.
    /// </summary>
    public void Overlapped(IReadOnlyList<Cell> before, Cell added)
    {
        if (before.Count > 1)
            Of(before).Units--;
        Of([.. before, added]).Units++;
    }

    /// <summary>Only units of the sample are counted from now on. Which of the others failed in several cells of a version is kept as a number.</summary>
    public void Keep(UnitSample sample, FoldMemory memory)
    {
        foreach (var version in _cells.Values.GroupBy(cell => cell.Version))
        {
            if (!version.Skip(1).Any())
            {
                version.First().Keep(sample, memory);
                continue;
            }

            var together = version.SelectMany(cell => cell.Keep(sample, memory).Select(unit => (unit, cell))).ToLookup(failed => failed.unit, failed => failed.cell);
            foreach (var cells in together.Where(cells => cells.Skip(1).Any()))
                Of([.. cells]).Failed++;
        }
    }

    /// <summary>A unit that met these cells is counted no more.</summary>
    public void Left(IReadOnlyCollection<Met> firsts)
    {
        foreach (var met in firsts)
            met.Cell.UnitsLeft++;
        if (firsts.Count == 1)
            return;
        foreach (var version in firsts.GroupBy(met => met.Cell.Version).Where(version => version.Skip(1).Any()))
            Of([.. version.Select(met => met.Cell)]).Left++;
    }

    /// <summary>The flag is dropped.</summary>
    public void Leave(FoldMemory memory)
    {
        foreach (var cell in _cells.Values)
            cell.Leave(memory);
    }

    public EpochHealth[] Epochs(string released, long fromVersion) =>
    [
        .. _cells.Values.Where(cell => cell.Version >= fromVersion).GroupBy(cell => cell.Version).OrderBy(group => group.Key)
            .Select(group => new EpochHealth(
                group.Key,
                Arm(group.Where(cell => cell.Variant == released).ToList()),
                Arm(group.Where(cell => cell.Variant != released).ToList()))),
    ];

    public long? FirstFailure(string variant, long fromVersion) =>
        _cells.Values.Where(cell => cell.Version >= fromVersion && cell.Variant == variant).Min(cell => cell.FirstFailure);

    private ArmHealth Arm(List<Cell> cells)
    {
        if (cells.Count == 0)
            return ArmHealth.Empty;
        var latency = new LogHistogram();
        cells.ForEach(cell => latency.Merge(cell.Latency));
        return new ArmHealth(
            cells.Sum(cell => cell.Exposures),
            cells.Sum(cell => cell.Units) - Repeated(cells, overlap => overlap.Units),
            cells.Sum(cell => cell.Requests),
            cells.Sum(cell => cell.Errors),
            cells.Sum(cell => cell.FailedBefore) - Repeated(cells, overlap => overlap.Failed) + (cells.Count == 1 ? cells[0].FailingUnits.Count : cells.SelectMany(cell => cell.FailingUnits).Distinct().Count()),
            [.. latency.Filled().Select(filled => Bucket(filled.Bucket, filled.Count))],
            cells.SelectMany(cell => cell.Conversions).GroupBy(c => c.Key, StringComparer.Ordinal)
                .ToDictionary(group => group.Key, group => group.Sum(c => c.Value), StringComparer.Ordinal))
        {
            UnitsLeft = cells.Sum(cell => cell.UnitsLeft) - Repeated(cells, overlap => overlap.Left),
        };
    }

    /// <summary>How often units of the cells were counted more than once.</summary>
    private long Repeated(List<Cell> cells, Func<Overlap, long> units) =>
        cells.Count == 1 ? 0 : _overlaps.Sum(overlap => Math.Max(0, overlap.Cells.Count(cells.Contains) - 1) * units(overlap));

    private static LatencyBucket Bucket(int bucket, long count)
    {
        var highest = LogHistogram.HighestOf(bucket);
        return new LatencyBucket(LogHistogram.LowestOf(bucket), highest == long.MaxValue ? highest : highest + 1, count);
    }

    private Overlap Of(IReadOnlyList<Cell> cells)
    {
        if (_overlaps.Find(overlap => overlap.Cells.SetEquals(cells)) is { } known)
            return known;
        var overlap = new Overlap([.. cells]);
        _overlaps.Add(overlap);
        return overlap;
    }

    private sealed class Overlap(HashSet<Cell> cells)
    {
        public HashSet<Cell> Cells { get; } = cells;

        /// <summary>Of those that are counted no more: they failed in each of the cells.</summary>
        public long Failed { get; set; }

        /// <summary>Those that are counted no more.</summary>
        public long Left { get; set; }
        public long Units { get; set; }
    }
}
