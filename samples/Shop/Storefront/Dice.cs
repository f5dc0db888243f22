namespace Delivery.Shop.Storefront;

/// <summary>Random numbers from a seed, for any number of threads: SplitMix64 over a counter (Steele et al., OOPSLA 2014).</summary>
internal sealed class Dice(ulong seed)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;
    private long _rolls;

    /// <summary>Uniform in [0, 1).</summary>
    internal double Roll()
    {
        var z = (seed * 0xD1342543DE82EF95) + ((ulong)Interlocked.Increment(ref _rolls) * Golden);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>Exponentially distributed with the given mean: the tail of a service's latency.</summary>
    internal double Tail(double mean) => -mean * Math.Log(1 - Roll());
}
