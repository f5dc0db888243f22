namespace Delivery.Statistics.Tests;

public sealed class ServiceValidationTests
{
    private static readonly ArmInput Mean = new() { N = 10, Sum = 5, SumSquares = 9 };
    private static readonly CompareRequest Good = new("mean", "absolute", "welch2", Mean, Mean with { Sum = 6 });

    [Fact]
    public void a_good_request_is_answered() => CompareService.Compare(Good).ShouldBeOfType<CompareOutcome.Compared>().Err.ShouldBeNull();

    [Fact]
    public void every_bad_field_is_named()
    {
        Fields(Good with { Metric = "median" }).ShouldBe(["metric"]);
        Fields(Good with { Effect = null }).ShouldBe(["effect"]);
        Fields(Good with { Test = "peek" }).ShouldBe(["test"]);
        Fields(Good with { Test = "bayes" }).ShouldBe(["effect"]);
        Fields(Good with { Alpha = 1 }).ShouldBe(["alpha"]);
        Fields(Good with { NStar = 0 }).ShouldBe(["nStar"]);
        Fields(Good with { A = null }).ShouldBe(["a.sumSquares", "a.n", "a.sum"], ignoreOrder: true);
        Fields(Good with { B = Mean with { Sum = double.NaN } }).ShouldBe(["b.sum"]);
        Fields(Good with { Metric = "proportion", A = Mean with { Sum = 11 } }).ShouldBe(["a.sum"]);
        Fields(Good with { Metric = "ratio" }).ShouldContain("a.m.n");
        var ratio = new ArmInput { M = new(10, 5, 9), D = new(11, 5, 9), Md = 3 };
        Fields(Good with { Metric = "ratio", A = ratio, B = ratio }).ShouldBe(["a.d.n", "b.d.n"]);
        Fields(Good with { Metric = "cuped", A = new ArmInput(), B = new ArmInput() }).ShouldContain("b.yx");
    }

    [Fact]
    public void sums_without_information_are_answered_with_a_reason()
    {
        var constant = new ArmInput { N = 10, Sum = 10, SumSquares = 10 };
        CompareService.Compare(Good with { A = constant, B = constant })
            .ShouldBe(new CompareOutcome.Compared(null, null, null, null, null, NoEstimateReason.NoVariance));
        CompareService.Compare(Good with { Effect = "relative", Test = "bayes", A = constant with { N = 0 } })
            .ShouldBe(new CompareOutcome.Believed(null, null, null, null, null, NoEstimateReason.NoData));
    }

    [Fact]
    public void a_split_is_tested_or_its_bad_field_named()
    {
        var tested = SrmService.Test(new SrmRequest([1000, 1200], [1, 1])).ShouldBeOfType<SrmAnswer.Tested>();
        tested.P.ShouldBe(0.000020079, 5e-10);
        tested.SequentialP.ShouldBeInRange(0.0001, 1);
        SrmService.Test(new SrmRequest([0, 0], [1, 1])).ShouldBe(new SrmAnswer.Tested(0, 1, 1));
        SrmService.Test(new SrmRequest([1], null)).ShouldBeOfType<SrmAnswer.Invalid>().Errors.Select(e => e.Field).ShouldBe(["users", "weights"]);
        SrmService.Test(new SrmRequest([1, 2], [1, 0])).ShouldBeOfType<SrmAnswer.Invalid>().Errors.Select(e => e.Field).ShouldBe(["weights"]);
    }

    private static string[] Fields(CompareRequest request) =>
        [.. CompareService.Compare(request).ShouldBeOfType<CompareOutcome.Invalid>().Errors.Select(e => e.Field)];
}
