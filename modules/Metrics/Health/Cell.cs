using Delivery.Statistics;

namespace Delivery.Metrics.Health;

/// <summary>
/// The counts of one (flag, flag version, variant) in one environment. Everything in it can be taken back exactly, because
/// a late exposure may move a unit's requests and conversions to another cell.
/// </summary>
internal sealed class Cell(long version, string variant) : IComparable<Cell>
{
    private readonly Dictionary<ulong, int> _failing = [];
    private readonly Dictionary<string, long> _conversions = new(StringComparer.Ordinal);
    private readonly SortedDictionary<long, int> _failuresByTime = [];
    private long _firstSettledFailure = long.MaxValue;

    public long Version { get; } = version;
    public string Variant { get; } = variant;
    public long Exposures { get; set; }
    public long Units { get; set; }
    public long Requests { get; private set; }
    public long Errors { get; private set; }
    public LogHistogram Latency { get; } = new();
    public IReadOnlyDictionary<string, long> Conversions => _conversions;
    public IReadOnlyCollection<ulong> FailingUnits => _failing.Keys;

    /// <summary>The first failure's time in ticks; null without one.</summary>
    public long? FirstFailure
    {
        get
        {
            var open = _failuresByTime.Count == 0 ? long.MaxValue : _failuresByTime.First().Key;
            return Math.Min(open, _firstSettledFailure) is var first and not long.MaxValue ? first : null;
        }
    }

    /// <summary>Counts a request whose attribution can't change.</summary>
    public void AddForGood(ulong unit, RequestSample sample)
    {
        Count(unit, sample);
        Settle(sample, open: false);
    }

    /// <summary>Counts a request that a late exposure may still move elsewhere.</summary>
    public void Add(ulong unit, RequestSample sample)
    {
        Count(unit, sample);
        if (sample.Failed)
            _failuresByTime[sample.Ticks] = _failuresByTime.GetValueOrDefault(sample.Ticks) + 1;
    }

    /// <summary>Takes a request back that <see cref="Add"/> counted.</summary>
    public void Retract(ulong unit, RequestSample sample)
    {
        Requests--;
        if (sample.Microseconds >= 0)
            Latency.Retract(sample.Microseconds);
        if (!sample.Failed)
            return;
        Errors--;
        Decrement(_failing, unit);
        Decrement(_failuresByTime, sample.Ticks);
    }

    /// <summary>What <see cref="Add"/> counted can't move any more: its time need not be remembered one by one.</summary>
    public void Settle(RequestSample sample, bool open = true)
    {
        if (!sample.Failed)
            return;
        _firstSettledFailure = Math.Min(_firstSettledFailure, sample.Ticks);
        if (open)
            Decrement(_failuresByTime, sample.Ticks);
    }

    public void Convert(string name, int units)
    {
        var count = _conversions.GetValueOrDefault(name) + units;
        if (count == 0)
            _conversions.Remove(name);
        else
            _conversions[name] = count;
    }

    /// <summary>A total order, so that exposures at the same instant have one too.</summary>
    public int CompareTo(Cell? other) => other is null ? 1
        : Version != other.Version ? Version.CompareTo(other.Version)
        : string.CompareOrdinal(Variant, other.Variant);

    private void Count(ulong unit, RequestSample sample)
    {
        Requests++;
        if (sample.Microseconds >= 0)
            Latency.Add(sample.Microseconds);
        if (!sample.Failed)
            return;
        Errors++;
        _failing[unit] = _failing.GetValueOrDefault(unit) + 1;
    }

    private static void Decrement<TKey>(IDictionary<TKey, int> counts, TKey key)
    {
        var left = counts[key] - 1;
        if (left == 0)
            counts.Remove(key);
        else
            counts[key] = left;
    }
}

/// <summary>How one request went. 24 bytes: a unit may have many.</summary>
/// <param name="Ticks">When, by the sender's clock.</param>
/// <param name="Microseconds">How long; -1 when the sender doesn't say.</param>
/// <param name="Failed">Whether it failed.</param>
internal readonly record struct RequestSample(long Ticks, long Microseconds, bool Failed);
