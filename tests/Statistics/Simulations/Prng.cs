namespace Delivery.Statistics.Tests;

/// <summary>xoshiro256++ (Blackman and Vigna 2019), one independent stream a run, with the laws the simulations need.</summary>
internal sealed class Prng
{
    private ulong a;
    private ulong b;
    private ulong c;
    private ulong d;
    private double spare = double.NaN;

    public Prng(ulong seed, ulong stream)
    {
        var state = seed * 0x9E3779B97F4A7C15UL ^ (stream + 1) * 0xD1B54A32D192ED03UL;
        a = SplitMix(ref state);
        b = SplitMix(ref state);
        c = SplitMix(ref state);
        d = SplitMix(ref state);
    }

    public ulong Next()
    {
        var result = ulong.RotateLeft(a + d, 23) + a;
        var t = b << 17;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= t;
        d = ulong.RotateLeft(d, 45);
        return result;
    }

    /// <summary>Uniform in (0, 1).</summary>
    public double Uniform() => ((Next() >> 11) + 0.5) * (1.0 / (1UL << 53));

    public bool Bernoulli(double p) => Uniform() < p;

    /// <summary>Standard normal, Marsaglia's polar method.</summary>
    public double Normal()
    {
        if (!double.IsNaN(spare))
        {
            var kept = spare;
            spare = double.NaN;
            return kept;
        }

        while (true)
        {
            var u = 2 * Uniform() - 1;
            var v = 2 * Uniform() - 1;
            var s = u * u + v * v;
            if (s is >= 1 or 0) continue;
            var f = Math.Sqrt(-2 * Math.Log(s) / s);
            spare = v * f;
            return u * f;
        }
    }

    /// <summary>Gamma(shape, 1), Marsaglia and Tsang 2000.</summary>
    public double Gamma(double shape)
    {
        if (shape < 1) return Gamma(shape + 1) * Math.Pow(Uniform(), 1 / shape);
        var d1 = shape - 1.0 / 3;
        var c1 = 1 / Math.Sqrt(9 * d1);
        while (true)
        {
            var x = Normal();
            var v = 1 + c1 * x;
            if (v <= 0) continue;
            v = v * v * v;
            if (Math.Log(Uniform()) < 0.5 * x * x + d1 - d1 * v + d1 * Math.Log(v)) return d1 * v;
        }
    }

    public int Poisson(double mean)
    {
        var count = 0;
        while (mean > 30)
        {
            // Ahrens and Dieter 1974: split off a gamma-distributed waiting time.
            var m = (int)(mean * 7 / 8);
            var x = Gamma(m);
            if (x > mean) return count + Binomial(m - 1, mean / x);
            count += m;
            mean -= x;
        }

        var limit = Math.Exp(-mean);
        for (var product = Uniform(); product > limit; product *= Uniform()) count++;
        return count;
    }

    /// <summary>Binomial by the waiting-time method: cost grows with n·p, not with n.</summary>
    public int Binomial(int n, double p)
    {
        if (p > 0.5) return n - Binomial(n, 1 - p);
        if (p <= 0) return 0;
        if (n * p > 50)
        {
            // Split at a beta-distributed median (Knuth 3.4.1), so that large counts stay cheap and exact.
            var i = (n + 1) / 2;
            var x = Gamma(i);
            var y = x / (x + Gamma(n + 1 - i));
            return y <= p ? i + Binomial(n - i, (p - y) / (1 - y)) : Binomial(i - 1, p / y);
        }

        var log = Math.Log(1 - p);
        var count = -1;
        var position = 0.0;
        do
        {
            position += Math.Floor(Math.Log(Uniform()) / log) + 1;
            count++;
        }
        while (position <= n);
        return count;
    }

    private static ulong SplitMix(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15UL;
        var z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
