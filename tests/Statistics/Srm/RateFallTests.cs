namespace Delivery.Statistics.Tests;

public sealed class RateFallTests
{
    /// <summary>Sums of binomial probabilities in exact arithmetic.</summary>
    [Theory]
    [InlineData(0, 10, 0.5, 0.017341529915832633)]
    [InlineData(3, 20, 0.5, 0.026475260162823113)]
    [InlineData(40, 400, 0.5, 4.0457994611637846e-33)]
    [InlineData(50, 60, 1, 0.1954637283497524)]
    [InlineData(0, 1, 2, 1.0 / 3)]
    public void it_is_the_binomial_tail(long observed, long reference, double ratio, double p) =>
        RateFall.P(observed, reference, ratio).ShouldBe(p, p * 1e-10);

    [Fact]
    public void nothing_falls_from_nothing()
    {
        RateFall.P(0, 0, 0.5).ShouldBe(1);
        RateFall.P(1_000_000_000, 0, 0.5).ShouldBe(1);
        RateFall.P(1_000_000_000, 1, 0.5).ShouldBe(1, 1e-9);
    }

    [Theory]
    [InlineData(-1, 1, 0.5)]
    [InlineData(1, -1, 0.5)]
    [InlineData(1, 1, 0)]
    public void what_is_no_count_or_ratio_is_refused(long observed, long reference, double ratio) =>
        Should.Throw<ArgumentOutOfRangeException>(() => RateFall.P(observed, reference, ratio));
}
