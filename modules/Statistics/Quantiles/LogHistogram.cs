using System.Numerics;

namespace Delivery.Statistics;

/// <summary>
/// Counts of values in buckets whose width grows with the value, so that every value is known to within 1 % (0.79 %).
/// </summary>
/// <remarks>
/// <para>
/// Values are fixed-point micro-units (<see cref="FixedPoint"/>), 0 to 2^63 − 1. Below 128 a bucket holds one value; above, each
/// power of two is cut into 64 equal buckets (the layout of HdrHistogram). The bucket of a value is pure integer arithmetic, so it is
/// the same on every machine and in SQL.
/// </para>
/// <para>Merging adds counts: order, batching and replay give identical results. Not safe for concurrent writers.</para>
/// </remarks>
public sealed class LogHistogram
{
    private const int StepsBits = 6;
    private const int Steps = 1 << StepsBits;

    /// <summary>Index of the last bucket.</summary>
    public const int LastBucket = (62 - StepsBits) * Steps + 2 * Steps - 1;

    private long[] counts = [];
    private int offset;

    /// <summary>Observations in all buckets.</summary>
    public long Count { get; private set; }

    /// <summary>The bucket of a value.</summary>
    /// <param name="microUnits">At least 0.</param>
    public static int BucketOf(long microUnits)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(microUnits);
        var shift = Math.Max(0, BitOperations.Log2((ulong)microUnits) - StepsBits);
        return shift * Steps + (int)(microUnits >> shift);
    }

    /// <summary>Smallest value of a bucket, micro-units.</summary>
    public static long LowestOf(int bucket)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bucket);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bucket, LastBucket);
        var shift = Math.Max(0, bucket / Steps - 1);
        return (long)(bucket - shift * Steps) << shift;
    }

    /// <summary>Largest value of a bucket, micro-units.</summary>
    public static long HighestOf(int bucket) => bucket == LastBucket ? long.MaxValue : LowestOf(bucket + 1) - 1;

    /// <summary>Counts values. False, and nothing changes, for a negative value or a count below 1.</summary>
    public bool Add(long microUnits, long count = 1)
    {
        if (microUnits < 0 || count < 1) return false;
        AddTo(BucketOf(microUnits), count);
        return true;
    }

    /// <summary>Takes values back. False, and nothing changes, when the bucket holds fewer.</summary>
    public bool Retract(long microUnits, long count = 1)
    {
        if (microUnits < 0 || count < 1) return false;
        var bucket = BucketOf(microUnits);
        if (CountIn(bucket) < count) return false;
        counts[bucket - offset] -= count;
        Count -= count;
        return true;
    }

    /// <summary>Adds all counts of another histogram.</summary>
    public void Merge(LogHistogram other)
    {
        for (var i = 0; i < other.counts.Length; i++)
        {
            if (other.counts[i] != 0) AddTo(other.offset + i, other.counts[i]);
        }
    }

    /// <summary>Observations in one bucket.</summary>
    public long CountIn(int bucket) => bucket >= offset && bucket < offset + counts.Length ? counts[bucket - offset] : 0;

    /// <summary>Buckets that hold something, ascending.</summary>
    public IEnumerable<(int Bucket, long Count)> Filled()
    {
        for (var i = 0; i < counts.Length; i++)
        {
            if (counts[i] != 0) yield return (offset + i, counts[i]);
        }
    }

    /// <summary>Bucket of the observation with the given rank (1 is the smallest); null when there are fewer.</summary>
    public int? BucketOfRank(long rank)
    {
        if (rank < 1 || rank > Count) return null;
        foreach (var (bucket, count) in Filled())
        {
            rank -= count;
            if (rank <= 0) return bucket;
        }

        return null;
    }

    internal void AddTo(int bucket, long count)
    {
        Reserve(bucket);
        counts[bucket - offset] = checked(counts[bucket - offset] + count);
        Count = checked(Count + count);
    }

    private void Reserve(int bucket)
    {
        if (bucket >= offset && bucket < offset + counts.Length) return;
        var first = counts.Length == 0 ? bucket : Math.Min(bucket, offset);
        var end = counts.Length == 0 ? bucket + 1 : Math.Max(bucket + 1, offset + counts.Length);

        // Whole powers of two at a time: growth is rare and the window stays small.
        first -= first % Steps;
        end = Math.Min(LastBucket + 1, end + Steps - 1 - ((end - 1) % Steps));
        var grown = new long[end - first];
        counts.CopyTo(grown, counts.Length == 0 ? 0 : offset - first);
        (counts, offset) = (grown, first);
    }
}
