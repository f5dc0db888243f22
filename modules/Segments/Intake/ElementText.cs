using System.Text.Json;
using System.Text.Unicode;

namespace Delivery.Segments.Intake;

/// <summary>Reads JSON strings as the UTF-8 that PostgreSQL can store, without making a string of them.</summary>
public static class ElementText
{
    /// <summary>
    /// The unescaped UTF-8 of the string the reader stands at. False where it is not a string, is longer than
    /// <paramref name="scratch"/>, is not valid Unicode (a lone surrogate), or holds U+0000, which PostgreSQL has no place for.
    /// </summary>
    /// <param name="element">Stands at a value.</param>
    /// <param name="scratch">As long as the longest text that is taken; escaped text is unescaped into it.</param>
    /// <param name="utf8">Points into the body or into <paramref name="scratch"/>.</param>
    public static bool TryRead(scoped ref Utf8JsonReader element, Span<byte> scratch, out ReadOnlySpan<byte> utf8)
    {
        utf8 = default;
        if (element.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName))
            return false;
        utf8 = element.ValueSpan;
        if (element.ValueIsEscaped && !TryUnescape(ref element, scratch, out utf8))
            return false;
        return utf8.Length <= scratch.Length && IsStorable(utf8);
    }

    /// <summary>Whether PostgreSQL takes it as <c>text</c>.</summary>
    public static bool IsStorable(ReadOnlySpan<byte> utf8) => !utf8.Contains((byte)0) && Utf8.IsValid(utf8);

    private static bool TryUnescape(scoped ref Utf8JsonReader element, Span<byte> scratch, out ReadOnlySpan<byte> utf8)
    {
        utf8 = default;
        // Unescaping never makes text longer than six times what it yields; anything beyond can't fit.
        if (element.ValueSpan.Length > scratch.Length * 6)
            return false;
        var room = element.ValueSpan.Length <= scratch.Length ? scratch : new byte[element.ValueSpan.Length];
        try
        {
            utf8 = room[..element.CopyString(room)];
            return true;
        }
        catch (InvalidOperationException)
        {
            return false; // A lone surrogate: the reader has no way to ask first.
        }
    }
}
