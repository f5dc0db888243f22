using System.Runtime.InteropServices;
using Delivery.Statistics;

namespace Delivery.Metrics.Health;

/// <summary>
/// The counts of one (flag, flag version, variant) in one environment. Everything in it can be taken back exactly, because
/// a late exposure may move a unit's requests and conversions to another cell.
/// </summary>
internal sealed class Cell(long version, string variant) : IComparable<Cell>
{
    /// <summary>A place in a table that is two thirds full.</summary>
    private const int FailingBytes = 40;

    /// <summary>A node of a tree.</summary>
    private const int FailureTimeBytes = 64;

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

    /// <summary>Of <see cref="Units"/>, those that are counted no more.</summary>
    public long UnitsLeft { get; set; }

    /// <summary>Those of the units that are counted now.</summary>
    public IReadOnlyCollection<ulong> FailingUnits => _failing.Keys;

    /// <summary>How many failed of those that were counted before, and are no more.</summary>
    public long FailedBefore { get; private set; }

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
    public void AddForGood(ulong unit, RequestSample sample, FoldMemory memory)
    {
        Count(unit, sample, memory);
        Settle(sample, memory, open: false);
    }

    /// <summary>Counts a request that a late exposure may still move elsewhere.</summary>
    public void Add(ulong unit, RequestSample sample, FoldMemory memory)
    {
        Count(unit, sample, memory);
        if (!sample.Failed)
            return;
        var failures = _failuresByTime.GetValueOrDefault(sample.Ticks);
        _failuresByTime[sample.Ticks] = failures + 1;
        memory.Waiting += failures == 0 ? FailureTimeBytes : 0;
    }

    /// <summary>Takes a request back that <see cref="Add"/> counted.</summary>
    public void Retract(ulong unit, RequestSample sample, FoldMemory memory)
    {
        Requests--;
        if (sample.Microseconds >= 0)
            Latency.Retract(sample.Microseconds);
        if (!sample.Failed)
            return;
        Errors--;
        if (Decrement(_failing, unit))
            memory.Units -= FailingBytes;
        if (Decrement(_failuresByTime, sample.Ticks))
            memory.Waiting -= FailureTimeBytes;
    }

    /// <summary>What <see cref="Add"/> counted can't move any more: its time need not be remembered one by one.</summary>
    public void Settle(RequestSample sample, FoldMemory memory, bool open = true)
    {
        if (!sample.Failed)
            return;
        _firstSettledFailure = Math.Min(_firstSettledFailure, sample.Ticks);
        if (open && Decrement(_failuresByTime, sample.Ticks))
            memory.Waiting -= FailureTimeBytes;
    }

    public void Convert(string name, int units)
    {
        var count = _conversions.GetValueOrDefault(name) + units;
        if (count == 0)
            _conversions.Remove(name);
        else
            _conversions[name] = count;
    }

    /// <summary>Only units of the sample are counted from now on; returns those that failed and are no more. What they did stays counted.</summary>
    public IReadOnlyList<ulong> Keep(UnitSample sample, FoldMemory memory)
    {
        List<ulong> gone = [.. _failing.Keys.Where(unit => !sample.Has(unit))];
        gone.ForEach(unit => _failing.Remove(unit));
        _failing.TrimExcess(_failing.Count * 3 / 2);
        FailedBefore += gone.Count;
        memory.Units -= gone.Count * (long)FailingBytes;
        return gone;
    }

    /// <summary>The cell is dropped, after the requests that could still move.</summary>
    public void Leave(FoldMemory memory)
    {
        memory.Units -= _failing.Count * (long)FailingBytes;
        memory.Waiting -= _failuresByTime.Count * (long)FailureTimeBytes;
    }

    /// <summary>A total order, so that exposures at the same instant have one too.</summary>
    public int CompareTo(Cell? other) => other is null ? 1
        : Version != other.Version ? Version.CompareTo(other.Version)
        : string.CompareOrdinal(Variant, other.Variant);

    private void Count(ulong unit, RequestSample sample, FoldMemory memory)
    {
        Requests++;
        if (sample.Microseconds >= 0)
            Latency.Add(sample.Microseconds);
        if (!sample.Failed)
            return;
        Errors++;
        ref var failures = ref CollectionsMarshal.GetValueRefOrAddDefault(_failing, unit, out var known);
        failures++;
        if (!known)
            memory.Units += FailingBytes;
    }

    /// <summary>True when it was the last of its key.</summary>
    private static bool Decrement<TKey>(IDictionary<TKey, int> counts, TKey key)
    {
        var left = counts[key] - 1;
        if (left == 0)
            return counts.Remove(key);
        counts[key] = left;
        return false;
    }
}

/// <summary>How one request went. 24 bytes: a unit may have many.</summary>
/// <param name="Ticks">When, by the sender's clock.</param>
/// <param name="Microseconds">How long; -1 when the sender doesn't say.</param>
/// <param name="Failed">Whether it failed.</param>
internal readonly record struct RequestSample(long Ticks, long Microseconds, bool Failed);
