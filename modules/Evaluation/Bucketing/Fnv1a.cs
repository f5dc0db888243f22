using System.Globalization;

namespace Delivery.Evaluation;

/// <summary>
/// FNV-1a 32-bit over UTF-16 code units, as GrowthBook's SDKs hash (a code unit is one step, not two bytes).
/// </summary>
internal static class Fnv1a
{
    private const uint OffsetBasis = 2166136261;
    private const uint Prime = 16777619;

    /// <summary>GrowthBook hash version 1: 0 to 999.</summary>
    internal static uint BucketV1(ReadOnlySpan<char> seed, ReadOnlySpan<char> unit) =>
        Step(Step(OffsetBasis, unit), seed) % 1_000;

    /// <summary>GrowthBook hash version 2: 0 to 9,999.</summary>
    internal static uint BucketV2(ReadOnlySpan<char> seed, ReadOnlySpan<char> unit)
    {
        var inner = Step(Step(OffsetBasis, seed), unit);
        Span<char> digits = stackalloc char[10];
        inner.TryFormat(digits, out var written, provider: CultureInfo.InvariantCulture);
        return Step(OffsetBasis, digits[..written]) % 10_000;
    }

    private static uint Step(uint hash, ReadOnlySpan<char> text)
    {
        foreach (var unit in text)
            hash = (hash ^ unit) * Prime;
        return hash;
    }
}
