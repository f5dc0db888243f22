using System.Diagnostics;
using System.Globalization;
using Delivery.Statistics;

namespace Delivery.Benchmarks.Metrics;

/// <summary>
/// A refresh of everything: 6,000 metrics of each of 100 releases, 600,000 comparisons. Each is made from the exact moments of two arms:
/// estimate of each arm (means, proportions and ratios in turn), absolute effect, 95 % Welch interval and p, confidence sequence and
/// always-valid p; and each has its own sequential test of the split. On all cores; the limit is beside it, the same arms copied once.
/// <c>refresh</c>; it fails above 3 s.
/// </summary>
internal static class Refresh
{
    public const string Name = "refresh";
    private const int Metrics = 6_000;
    private const int Releases = 100;
    private const double MostSeconds = 3;
    private const int Rounds = 5;

    public static int Run()
    {
        var arms = Arms();
        Round(arms, out _);
        var (limits, rounds) = (new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            limits.Add(Limit(arms));
            rounds.Add(Round(arms, out var tested));
            if (tested != Metrics * Releases)
                throw new InvalidOperationException($"only {tested} comparisons have a result");
        }

        rounds.Sort();
        limits.Sort();
        var median = rounds[Rounds / 2];
        System.Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Metrics * Releases:N0} comparisons on {Environment.ProcessorCount} cores: {median:F2} s (at most {MostSeconds} s; rounds {string.Join(", ", rounds.Select(r => r.ToString("F2", CultureInfo.InvariantCulture)))}), "
            + $"{median * Environment.ProcessorCount / (Metrics * Releases) * 1e6:F2} us of a core each; reading the arms alone {limits[Rounds / 2]:F3} s: {median / limits[Rounds / 2]:F0} times that"));
        return median <= MostSeconds ? 0 : 1;
    }

    private static double Round((Moments Baseline, Moments Treatment)[] arms, out int tested)
    {
        var (start, count) = (Stopwatch.GetTimestamp(), 0);
        Parallel.For(
            0, Releases, () => 0,
            (release, _, done) =>
            {
                for (var metric = 0; metric < Metrics; metric++)
                    done += Compare(arms[(release * Metrics) + metric], (MomentMetric)(metric % 3)) ? 1 : 0;
                return done;
            },
            done => Interlocked.Add(ref count, done));
        tested = count;
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static bool Compare((Moments Baseline, Moments Treatment) arms, MomentMetric metric)
    {
        var effect = MomentEffects.Between(arms.Baseline, arms.Treatment, metric, relative: false);
        return WelchTest.TwoSided(effect, 0.05) is TestOutcome.Tested
            && AnytimeTest.TwoSided(effect, 0.05, 100_000) is TestOutcome.Tested
            && SequentialSrm.Test([new SplitCounts([(long)arms.Baseline.N, (long)arms.Treatment.N], [1, 1])]) is SrmOutcome.Tested;
    }

    private static double Limit((Moments Baseline, Moments Treatment)[] arms)
    {
        var (start, sum) = (Stopwatch.GetTimestamp(), Int128.Zero);
        foreach (ref readonly var pair in arms.AsSpan())
            sum += pair.Baseline.MPostMPost + pair.Treatment.MPostMPost;
        return sum > 0 ? Stopwatch.GetElapsedTime(start).TotalSeconds : throw new InvalidOperationException("no sums");
    }

    /// <summary>Arms of 50 to 200,000 units: of each third, means of a few, yes or no, and a ratio.</summary>
    private static (Moments, Moments)[] Arms()
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, Metrics * Releases).Select(i => (Arm(random, i % Metrics % 3), Arm(random, i % Metrics % 3)))];
    }

    private static Moments Arm(Random random, int kind)
    {
        const long One = FixedPoint.Scale;
        var n = (long)Math.Exp((random.NextDouble() * 8.3) + 5);
        var events = Math.Max(31, (long)(n * (0.2 + (random.NextDouble() * 0.3))));
        return kind switch
        {
            1 => new Moments { N = n, MPost = events * One, MPostMPost = (Int128)events * One * One },
            2 => new Moments
            {
                N = n,
                MPost = events * One,
                MPostMPost = (Int128)events * 3 * One * One,
                DPost = 2 * n * One,
                DPostDPost = (Int128)n * 6 * One * One,
                MPostDPost = (Int128)events * 3 * One * One,
            },
            _ => new Moments { N = n, MPost = events * 7 * One, MPostMPost = (Int128)events * 150 * One * One },
        };
    }
}
