using CsCheck;

namespace Delivery.Evaluation.Tests.Laws;

/// <summary>The laws of splits, each over 10,000 random cases.</summary>
public sealed class BucketingLawsTests
{
    private const long Cases = 10_000;
    private static readonly Gen<string> Keys = Gen.String[Gen.Char.AlphaNumeric, 1, 20];
    private static readonly Gen<string> Units = Gen.OneOf(Keys, Gen.Guid.Select(guid => guid.ToString()), Gen.String[1, 20]);
    private static readonly Gen<int[]> Weights = Gen.Int[0, 10_000].Array[1, 12].Where(weights => weights.Sum() > 0);

    [Fact]
    public void the_same_unit_always_gets_the_same_variant() =>
        Gen.Select(Keys, Units, Weights, Gen.Int[0, Split.FullExposure]).Sample(
            (salt, unit, weights, exposure) =>
            {
                var first = Assign(NewSplit(salt, weights, exposure), unit);
                var again = Assign(NewSplit(salt, weights, exposure), new string(unit));
                return first == again;
            },
            iter: Cases);

    [Fact]
    public void raising_the_exposure_percentage_never_moves_an_exposed_unit() =>
        Gen.Select(Keys, Units, Weights, Gen.Int[0, Split.FullExposure], Gen.Int[0, Split.FullExposure]).Sample(
            (salt, unit, weights, one, other) =>
            {
                var before = Assign(NewSplit(salt, weights, Math.Min(one, other)), unit);
                var after = Assign(NewSplit(salt, weights, Math.Max(one, other)), unit);
                return before is null || before == after;
            },
            iter: Cases);

    [Fact]
    public void pausing_and_restarting_brings_every_unit_back_to_its_variant() =>
        Gen.Select(Keys, Units, Weights, Gen.Int[1, Split.FullExposure]).Sample(
            (salt, unit, weights, exposure) =>
            {
                var split = NewSplit(salt, weights, exposure);
                return Assign(split with { ExposurePartsPerMillion = 0 }, unit) is null
                    && Assign(split, unit) == Assign(split with { ExposurePartsPerMillion = exposure }, unit);
            },
            iter: Cases);

    [Fact]
    public void raising_an_arm_from_the_unexposed_pool_moves_no_exposed_unit() =>
        Gen.Select(Keys, Units, Gen.Int[0, 1_000].Array[1, 8], Gen.Int[0, 7], Gen.Int[0, 2_000]).Sample(
            (salt, unit, weights, arm, more) =>
            {
                var split = NewSplit(salt, weights, Split.FullExposure) with { TotalWeight = 10_000 };
                var wanted = split.Weights.ToArray();
                arm %= wanted.Length;
                wanted[arm] = wanted[arm] with { Weight = wanted[arm].Weight + more };

                var raised = SplitAllocation.Reweight(split, wanted);

                var before = Assign(split, unit);
                var after = Assign(raised, unit);
                return before is null ? after is null || after == wanted[arm].Variant : before == after;
            },
            iter: Cases);

    [Fact]
    public void reweighting_moves_a_unit_only_from_an_arm_that_shrank() =>
        Gen.Select(Keys, Units, Gen.Int[0, 1_000].Array[4], Gen.Int[0, 1_000].Array[4], Gen.Int[0, 1_000].Array[4]).Sample(
            (salt, unit, start, next, last) =>
            {
                var split = NewSplit(salt, start, Split.FullExposure) with { TotalWeight = 4_000 };
                foreach (var weights in new[] { next, last })
                {
                    var wanted = Named(weights);
                    var changed = SplitAllocation.Reweight(split, wanted);
                    var before = Assign(split, unit);
                    var after = Assign(changed, unit);
                    if (before is not null && before != after && Weight(wanted, before) >= Weight(split.Weights, before))
                        return false;
                    if (wanted.Any(weight => Allocated(changed, weight.Variant) != weight.Weight))
                        return false;
                    split = changed;
                }

                return true;
            },
            iter: Cases);

    [Theory]
    [InlineData(BucketingAlgorithm.XxHash3)]
    [InlineData(BucketingAlgorithm.Flagd)]
    [InlineData(BucketingAlgorithm.Unleash)]
    public void a_million_units_are_spread_evenly(string algorithm)
    {
        var split = new Split { Salt = "uniform", Algorithm = algorithm, Weights = Named([.. Enumerable.Repeat(1, 100)]) };
        var counts = Count(split, 1_000_000);

        // 99 degrees of freedom: beyond 149 by chance once in 1,000.
        ChiSquared(counts.Values, 1_000_000 / 100d, cells: 100).ShouldBeLessThan(149);
    }

    [Fact]
    public void thirds_are_exact_thirds()
    {
        var counts = Count(new Split { Salt = "thirds", Weights = Named([1, 1, 1]) }, 1_000_000);

        // 2 degrees of freedom: beyond 13.8 by chance once in 1,000.
        ChiSquared(counts.Values, 1_000_000 / 3d, cells: 3).ShouldBeLessThan(13.8);
    }

    [Theory]
    [InlineData("a", "b")]
    [InlineData("experiment-1", "experiment-2")]
    [InlineData("salt", "salt/exposure")]
    [InlineData("", "\u0001")]
    public void buckets_of_different_salts_are_independent(string one, string other)
    {
        const int units = 1_000_000;
        const int parts = 10;
        var cells = new double[parts * parts];
        var first = new NativeBucketer(one, parts);
        var second = new NativeBucketer(other, parts);
        for (var i = 0; i < units; i++)
        {
            var unit = $"user-{i}";
            cells[((int)(first.Fraction(first.Bucket(unit)) * parts) * parts) + (int)(second.Fraction(second.Bucket(unit)) * parts)]++;
        }

        ChiSquared(cells, units / (double)(parts * parts), cells: parts * parts).ShouldBeLessThan(149);
    }

    [Fact]
    public void a_units_buckets_under_ten_thousand_salts_are_spread_evenly()
    {
        const int parts = 20;
        var cells = new double[parts];
        for (var i = 0; i < Cases; i++)
            cells[Part($"salt-{i}", $"user-{i % 7}", parts)]++;

        // 19 degrees of freedom: beyond 43.8 by chance once in 1,000.
        ChiSquared(cells, Cases / (double)parts, cells: parts).ShouldBeLessThan(43.8);
    }

    [Fact]
    public void ten_thousand_pairs_of_salts_give_a_unit_independent_buckets()
    {
        const int parts = 10;
        var cells = new double[parts * parts];
        for (var i = 0; i < Cases; i++)
            cells[(Part($"salt-{i}", $"user-{i % 7}", parts) * parts) + Part($"salt-{i}-b", $"user-{i % 7}", parts)]++;

        ChiSquared(cells, Cases / (double)(parts * parts), cells: parts * parts).ShouldBeLessThan(149);
    }

    [Fact]
    public void the_exposed_part_is_the_percentage_asked_for_and_keeps_the_split()
    {
        var counts = Count(new Split(50_000) { Salt = "ramp", Weights = Named([3, 1]) }, 1_000_000);

        // Within five standard deviations: sqrt(1e6 * 0.05 * 0.95) = 218.
        counts.Values.Sum().ShouldBe(50_000, 1_090);
        (counts["v0"] / counts.Values.Sum()).ShouldBe(0.75, 0.01);
    }

    private static int Part(string salt, string unit, int parts)
    {
        var bucketer = new NativeBucketer(salt, parts);
        return (int)(bucketer.Fraction(bucketer.Bucket(unit)) * parts);
    }

    private static Split NewSplit(string salt, int[] weights, int exposure) =>
        new(exposure) { Salt = salt, Weights = Named(weights) };

    private static VariantWeight[] Named(int[] weights) => [.. weights.Select((weight, i) => new VariantWeight($"v{i}", weight))];

    private static int Weight(IReadOnlyList<VariantWeight> weights, string variant) =>
        weights.First(weight => weight.Variant == variant).Weight;

    private static int Allocated(Split split, string variant) =>
        split.Ranges.Where(range => range.Variant == variant).Sum(range => range.End - range.Start);

    private static SplitPlan Compile(Split split) => SplitPlan.Compile(
        split,
        "",
        key => new VariantPlan(new Variant { Key = key, Value = Build.Json(key) }),
        new Dependencies());

    private static string? Assign(Split split, string unit)
    {
        Compile(split).Assign(new EvaluationContext(unit), tracer: null, out var variant, out _);
        return variant?.Key;
    }

    private static Dictionary<string, double> Count(Split split, int units)
    {
        var plan = Compile(split);
        var counts = new Dictionary<string, double>(StringComparer.Ordinal);
        for (var i = 0; i < units; i++)
        {
            plan.Assign(new EvaluationContext($"user-{i}"), tracer: null, out var variant, out _);
            if (variant is not null)
                counts[variant.Key] = counts.GetValueOrDefault(variant.Key) + 1;
        }

        return counts;
    }

    private static double ChiSquared(IEnumerable<double> counts, double expected, int cells)
    {
        var observed = counts.ToArray();
        observed.Length.ShouldBe(cells);
        return observed.Sum(count => (count - expected) * (count - expected) / expected);
    }
}
