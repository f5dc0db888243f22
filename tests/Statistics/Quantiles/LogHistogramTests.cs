using CsCheck;

namespace Delivery.Statistics.Tests;

public sealed class LogHistogramTests
{
    private static readonly Gen<long> Value = Gen.OneOf(Gen.Long[0, 300], Gen.Long[0, 10_000_000_000], Gen.Long[0, long.MaxValue]);

    [Fact]
    public void every_value_lies_in_its_bucket_and_is_known_within_one_percent() => Value.Sample(value =>
    {
        var bucket = LogHistogram.BucketOf(value);
        var (low, high) = (LogHistogram.LowestOf(bucket), LogHistogram.HighestOf(bucket));
        value.ShouldBeInRange(low, high);
        var middle = low + (high - low) / 2;
        Math.Abs((double)middle - value).ShouldBeLessThanOrEqualTo(0.01 * value);
    });

    [Fact]
    public void buckets_follow_one_another_without_gap()
    {
        for (var bucket = 0; bucket < LogHistogram.LastBucket; bucket++)
        {
            LogHistogram.BucketOf(LogHistogram.LowestOf(bucket)).ShouldBe(bucket);
            LogHistogram.BucketOf(LogHistogram.HighestOf(bucket)).ShouldBe(bucket);
        }

        LogHistogram.BucketOf(long.MaxValue).ShouldBe(LogHistogram.LastBucket);
    }

    [Fact]
    public void order_and_batching_do_not_matter() => Gen.Select(Value.List[1, 60], Gen.Int[0, 60]).Sample((values, cut) =>
    {
        var whole = Filled(values);
        var merged = Filled(values.Skip(cut).Reverse());
        merged.Merge(Filled(values.Take(cut)));
        LogHistogramCodec.Encode(merged).ShouldBe(LogHistogramCodec.Encode(whole));
    });

    [Fact]
    public void bytes_read_back_as_the_same_histogram() => Value.List[0, 60].Sample(values =>
    {
        var histogram = Filled(values);
        var read = LogHistogramCodec.Decode(LogHistogramCodec.Encode(histogram)).ShouldNotBeNull();
        read.Count.ShouldBe(values.Count);
        read.Filled().ShouldBe(histogram.Filled());
    });

    [Fact]
    public void foreign_or_cut_bytes_are_refused()
    {
        LogHistogramCodec.Decode([]).ShouldBeNull();
        LogHistogramCodec.Decode([2]).ShouldBeNull();
        LogHistogramCodec.Decode([1, 5]).ShouldBeNull();
        LogHistogramCodec.Decode([1, 0, 1]).ShouldBeNull();
        LogHistogramCodec.Decode([1, 1, 0x80]).ShouldBeNull();
        LogHistogramCodec.Decode([1, 0xFF, 0xFF, 0x7F, 1]).ShouldBeNull();
    }

    [Fact]
    public void retraction_undoes_an_addition_and_never_goes_below_zero()
    {
        var histogram = Filled([5, 5, 1_000_000]);
        histogram.Retract(5).ShouldBeTrue();
        LogHistogramCodec.Encode(histogram).ShouldBe(LogHistogramCodec.Encode(Filled([5, 1_000_000])));
        histogram.Retract(7).ShouldBeFalse();
        histogram.Retract(5, 2).ShouldBeFalse();
        histogram.Add(-1).ShouldBeFalse();
        histogram.Count.ShouldBe(2);
    }

    internal static LogHistogram Filled(IEnumerable<long> values)
    {
        var histogram = new LogHistogram();
        foreach (var value in values) histogram.Add(value).ShouldBeTrue();
        return histogram;
    }
}
