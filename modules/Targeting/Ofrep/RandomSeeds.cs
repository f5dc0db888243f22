using System.Security.Cryptography;

namespace Delivery.Targeting.Ofrep;

/// <summary>
/// Seeds for splits that are meant not to be sticky; nothing else reads them. A counter from a random start, mixed by
/// SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", figure 16): even, not secret.
/// </summary>
internal static class RandomSeeds
{
    private const ulong Step = 0x9E3779B97F4A7C15;
    private static ulong _state = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));

    /// <summary>A number that is not zero.</summary>
    public static ulong Next()
    {
        var z = Interlocked.Add(ref _state, Step);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return (z ^ (z >> 31)) | 1;
    }
}
