using System.Text.Json;

namespace Delivery.Evaluation;

/// <summary>
/// The names applications send, which are the same few in every request: read once, then only compared. A name that falls on
/// another's place replaces it, so that strange names cost time but no memory.
/// </summary>
internal static class AttributeNames
{
    private const int Places = 512;
    private const int LongestKept = 64;
    private static readonly string?[] Known = new string?[Places];

    /// <summary>The name the reader stands on.</summary>
    internal static string Of(ref Utf8JsonReader json)
    {
        var bytes = json.ValueSpan;
        if (bytes.Length is 0 or > LongestKept || json.ValueIsEscaped)
            return json.GetString()!;
        var place = ((((((bytes.Length * 31) + bytes[0]) * 31) + bytes[bytes.Length / 2]) * 31) + bytes[^1]) & (Places - 1);
        if (Known[place] is { } known && json.ValueTextEquals(known))
            return known;
        return Known[place] = json.GetString()!;
    }
}
