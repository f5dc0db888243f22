namespace Delivery.Statistics.Tests;

/// <summary>Acceptance 1: A/A tests at α = .05 reject in 4.28 % to 5.72 % of 10,000 runs.</summary>
public sealed class AaSimulations(ITestOutputHelper output)
{
    [Theory]
    [InlineData("normal", 0.5)]
    [InlineData("normal", 0.05)]
    [InlineData("bernoulli .05", 0.5)]
    [InlineData("bernoulli .05", 0.05)]
    [InlineData("bernoulli .001", 0.5)]
    [InlineData("bernoulli .001", 0.05)]
    [InlineData("lognormal 1.5", 0.5)]
    [InlineData("lognormal 1.5", 0.05)]
    [InlineData("poisson-gamma", 0.5)]
    [InlineData("poisson-gamma", 0.05)]
    [InlineData("ratio", 0.5)]
    [InlineData("ratio", 0.05)]
    [InlineData("cuped", 0.5)]
    [InlineData("cuped", 0.05)]
    [InlineData("clustered", 0.5)]
    [InlineData("clustered", 0.05)]
    public void a_true_null_is_rejected_in_five_percent(string kind, double treatmentShare)
    {
        var runs = Simulation.Runs;
        var units = Units(kind);
        var treated = (int)(units * treatmentShare);
        var rejected = Simulation.Share(runs, 1 + (ulong)kind.Length, random =>
            WelchTest.TwoSided(Effect(kind, random, units - treated, treated), 0.05) is TestOutcome.Tested { P: < 0.05 });
        output.WriteLine($"{kind} {treatmentShare}: {rejected:P2}");
        rejected.ShouldBeInRange(0.0428, 0.0572);
    }

    /// <summary>
    /// Lognormal with σ = 1.5 has skewness 33: an arm of 300 units rejects a true null in 9 % of runs (measured), so it takes a cap or
    /// hundreds of thousands of units. Blocks of 1,000 units are drawn from a pool to make that many affordable.
    /// </summary>
    private const int BlockUnits = 1_000;
    private static readonly (double Sum, double Squares)[] LognormalBlocks = Blocks();

    /// <summary>Rare events and skewed values need more units before the normal approximation holds in a 5 % arm.</summary>
    private static int Units(string kind) => kind switch
    {
        "bernoulli .05" => 40_000,
        "bernoulli .001" => 2_000_000,
        "lognormal 1.5" => 6_000 * BlockUnits,
        "poisson-gamma" or "clustered" => 5_000,
        _ => 1_000,
    };

    private static Effect Effect(string kind, Prng random, int c, int t) => kind switch
    {
        "bernoulli .05" => Effects.Absolute(Rate(random, c, 0.05), Rate(random, t, 0.05)),
        "bernoulli .001" => Effects.Absolute(Rate(random, c, 0.001), Rate(random, t, 0.001)),
        "ratio" or "clustered" => Effects.Absolute(Ratio(random, c, kind), Ratio(random, t, kind)),
        "cuped" => Cuped.Estimate(History(random, c), History(random, t), false, CupedPooling.WithinArms),
        _ => Effects.Absolute(Mean(random, c, kind), Mean(random, t, kind)),
    };

    private static ArmEstimate Rate(Prng random, int n, double p) => Arms.Proportion(new ProportionSums(n, random.Binomial(n, p)));

    private static ArmEstimate Mean(Prng random, int n, string kind)
    {
        double sum = 0, squares = 0;
        if (kind == "lognormal 1.5")
        {
            for (var i = 0; i < n / BlockUnits; i++)
            {
                var block = LognormalBlocks[(int)(random.Uniform() * LognormalBlocks.Length)];
                sum += block.Sum;
                squares += block.Squares;
            }

            return Arms.Mean(new SampleSums(n, sum, squares));
        }

        for (var i = 0; i < n; i++)
        {
            double x = kind == "poisson-gamma" ? random.Poisson(random.Gamma(2)) : random.Normal();
            sum += x;
            squares += x * x;
        }

        return Arms.Mean(new SampleSums(n, sum, squares));
    }

    private static (double Sum, double Squares)[] Blocks()
    {
        var random = new Prng(15, 0);
        var blocks = new (double Sum, double Squares)[12_000];
        for (var i = 0; i < blocks.Length; i++)
        {
            for (var unit = 0; unit < BlockUnits; unit++)
            {
                var x = Math.Exp(1.5 * random.Normal());
                blocks[i].Sum += x;
                blocks[i].Squares += x * x;
            }
        }

        return blocks;
    }

    /// <summary>Clicks over views; "clustered": each user has a rate of his own, so events of one user resemble one another.</summary>
    private static ArmEstimate Ratio(Prng random, int n, string kind)
    {
        double m = 0, d = 0, mm = 0, dd = 0, md = 0;
        for (var i = 0; i < n; i++)
        {
            var views = 1 + random.Poisson(4);
            var rate = kind == "clustered" ? random.Uniform() : 0.3;
            var clicks = random.Binomial(views, rate);
            m += clicks;
            d += views;
            mm += clicks * clicks;
            dd += views * views;
            md += clicks * views;
        }

        return Arms.Ratio(new RatioSums(new(n, m, mm), new(n, d, dd), md));
    }

    private static CupedSums History(Prng random, int n)
    {
        double y = 0, x = 0, yy = 0, xx = 0, yx = 0;
        for (var i = 0; i < n; i++)
        {
            var pre = random.Normal();
            var post = 0.8 * pre + 0.6 * random.Normal();
            y += post;
            x += pre;
            yy += post * post;
            xx += pre * pre;
            yx += post * pre;
        }

        return new CupedSums(new(n, y, yy), new(n, x, xx), yx);
    }
}
