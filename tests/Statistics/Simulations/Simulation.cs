namespace Delivery.Statistics.Tests;

/// <summary>Repeats a seeded experiment on all cores. The result depends on the seed alone, not on scheduling.</summary>
internal static class Simulation
{
    /// <summary>10,000 in CI; 100,000 with DELIVERY_NIGHTLY=1.</summary>
    public static int Runs { get; } = Nightly ? 100_000 : 10_000;

    public static bool Nightly => Environment.GetEnvironmentVariable("DELIVERY_NIGHTLY") == "1";

    /// <summary>Share of runs for which <paramref name="happens"/> is true.</summary>
    public static double Share(int runs, ulong seed, Func<Prng, bool> happens)
    {
        var hits = 0;
        Parallel.For(0, runs, run =>
        {
            if (happens(new Prng(seed, (ulong)run))) Interlocked.Increment(ref hits);
        });
        return (double)hits / runs;
    }

    public static double[] Values(int runs, ulong seed, Func<Prng, double> value)
    {
        var values = new double[runs];
        Parallel.For(0, runs, run => values[run] = value(new Prng(seed, (ulong)run)));
        return values;
    }

    /// <summary>Three standard errors of a share that is truly <paramref name="share"/>.</summary>
    public static double ThreeStandardErrors(double share, int runs) => 3 * Math.Sqrt(share * (1 - share) / runs);
}
