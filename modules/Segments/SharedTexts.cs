using System.IO.Hashing;
using System.Text;

namespace Delivery.Segments;

/// <summary>
/// Texts that many rows share, such as a flag's key, decoded once. A fixed number of places: a text that finds its own taken
/// by another takes it over, so the memory is bounded whatever comes in.
/// </summary>
internal static class SharedTexts
{
    private const int Places = 1024;
    private const int LongestBytes = 64;
    private static readonly string?[] Texts = new string?[Places];

    public static string Get(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > LongestBytes)
            return Encoding.UTF8.GetString(utf8);
        ref var place = ref Texts[(int)(XxHash3.HashToUInt64(utf8) % Places)];
        Span<char> chars = stackalloc char[LongestBytes];
        chars = chars[..Encoding.UTF8.GetChars(utf8, chars)];
        if (place is { } text && chars.SequenceEqual(text))
            return text;
        return place = new string(chars);
    }
}
