using System.Text.Json;

namespace Delivery.Statistics.Tests;

/// <summary>Acceptance 6: an independent implementation's answers, through the service.</summary>
public sealed class GoldenFileTests
{
    private const double Relative = 1e-9;

    /// <summary>
    /// The file's own t quantile is off by up to 5e-9 where an arm has 33 or 59 units (checked against 40 digits; ours agrees with those,
    /// see <see cref="DistributionTests"/>).
    /// </summary>
    private const double QuantileErrorForTinyArms = 5e-9;

    /// <summary>The file's expected losses cancel in the far tail; ours don't.</summary>
    private const double RiskRounding = 1e-15;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly string[] Kinds =
    [
        .. from metric in new[] { "mean", "proportion", "ratio", "cuped" }
           from rest in new[]
           {
               "absolute/welch2", "absolute/welchGreater", "absolute/asympcs2",
               "relative/welch2", "relative/welchGreater", "relative/asympcs2", "relative/bayes_N(0,.3^2)",
           }
           select $"{metric}/{rest}",
        "srm",
    ];

    public static TheoryData<string> AllKinds => new(Kinds);

    [Theory]
    [MemberData(nameof(AllKinds))]
    public void answers_match_the_golden_file(string kind)
    {
        var cases = Cases().Where(c => c.GetProperty("kind").GetString() == kind).ToList();
        cases.Count.ShouldBeGreaterThan(0);
        foreach (var c in cases) Check(kind, c.GetProperty("input"), c.GetProperty("expected"));
    }

    [Fact]
    public void no_kind_of_the_golden_file_is_left_out() =>
        Cases().Select(c => c.GetProperty("kind").GetString()!).Distinct().Order().ShouldBe(Kinds.Order());

    private static void Check(string kind, JsonElement input, JsonElement expected)
    {
        if (kind == "srm")
        {
            var answer = SrmService.Test(input.Deserialize<SrmRequest>(Json)!).ShouldBeOfType<SrmAnswer.Tested>();
            answer.P.ShouldBe(expected.GetDouble(), Relative);
            return;
        }

        var parts = kind.Split('/');
        var test = parts[2].StartsWith("bayes", StringComparison.Ordinal) ? "bayes" : parts[2];
        var slack = Smallest(input) < 100 ? QuantileErrorForTinyArms : 0;
        var request = new CompareRequest(
            parts[0], parts[1], test, input.GetProperty("a").Deserialize<ArmInput>(Json), input.GetProperty("b").Deserialize<ArmInput>(Json));
        switch (CompareService.Compare(request))
        {
            case CompareOutcome.Compared c:
                c.Err.ShouldBeNull();
                Close(c.Diff, expected.GetProperty("diff"));
                Close(c.Se, expected.GetProperty("se"));
                Close(c.CiLow, expected.GetProperty("ciLow"), absolute: slack * expected.GetProperty("se").GetDouble());
                Close(c.CiHigh, expected.GetProperty("ciHigh"), absolute: slack * expected.GetProperty("se").GetDouble());
                c.P.ShouldNotBeNull().ShouldBe(expected.GetProperty("p").GetDouble(), 1e-9);
                break;
            case CompareOutcome.Believed b:
                b.Err.ShouldBeNull();
                Close(b.Mean, expected.GetProperty("mean"));
                Close(b.CiLow, expected.GetProperty("ciLow"));
                Close(b.CiHigh, expected.GetProperty("ciHigh"));
                b.ChanceToWin.ShouldNotBeNull().ShouldBe(expected.GetProperty("chanceToWin").GetDouble(), 1e-9);
                Close(b.Risk![0], expected.GetProperty("risk")[0], absolute: RiskRounding);
                Close(b.Risk[1], expected.GetProperty("risk")[1], absolute: RiskRounding);
                break;
            case var other:
                Assert.Fail(other.ToString());
                break;
        }
    }

    private static long Smallest(JsonElement element) => element.EnumerateObject().Min(property =>
        property.Value.ValueKind == JsonValueKind.Object ? Smallest(property.Value) : property.Name == "n" ? property.Value.GetInt64() : long.MaxValue);

    private static void Close(double? actual, JsonElement expected, double absolute = 0)
    {
        if (expected.ValueKind == JsonValueKind.String)
        {
            actual.ShouldBeNull();
            return;
        }

        var value = expected.GetDouble();
        actual.ShouldNotBeNull().ShouldBe(value, Relative * Math.Abs(value) + absolute);
    }

    private static List<JsonElement> Cases()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Delivery.sln"))) root = root.Parent;
        var file = root is null ? null : Path.Combine(root.FullName, "..", "shared", "golden", "statistics.jsonl");
        if (file is null || !File.Exists(file)) Assert.Skip("../shared/golden/statistics.jsonl is not here.");
        return [.. File.ReadLines(file!).Where(line => line.Length > 0).Select(line => JsonDocument.Parse(line).RootElement)];
    }
}
