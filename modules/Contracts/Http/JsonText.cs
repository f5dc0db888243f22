using System.Text.Json;
using System.Text.Unicode;
using Delivery.Contracts.Commands;

namespace Delivery.Contracts.Http;

/// <summary>
/// JSON can spell text that nothing behind the API can keep: the NUL character (PostgreSQL has no place for it), half a
/// surrogate pair, bytes that are not UTF-8. It is refused where it comes in, by name, before any command exists.
/// </summary>
public static class JsonText
{
    private const string Accepted = "Unicode text without the NUL character and without half surrogate pairs";

    /// <summary>The first text in a document that can't be kept, by its path; null when there is none.</summary>
    /// <param name="json">A JSON document, with or without a byte order mark.</param>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public static FieldError? Fault(ReadOnlyMemory<byte> json)
    {
        if (!Utf8.IsValid(json.Span))
            return new FieldError("$", "JSON in UTF-8");
        if (json.Span.IndexOf(@"\u"u8) < 0)
            return null;
        using var document = JsonDocument.Parse(json.Span.StartsWith("\uFEFF"u8) ? json[3..] : json);
        return Fault(document.RootElement, "");
    }

    private static FieldError? Fault(JsonElement element, string path) => element.ValueKind switch
    {
        JsonValueKind.String => Kept(() => element.GetString()) ? null : new FieldError(path.Length == 0 ? "$" : path, Accepted),
        JsonValueKind.Object => element.EnumerateObject().Select(member => Fault(member, path)).FirstOrDefault(fault => fault is not null),
        JsonValueKind.Array => element.EnumerateArray().Select((item, index) => Fault(item, $"{path}[{index}]")).FirstOrDefault(fault => fault is not null),
        _ => null,
    };

    private static FieldError? Fault(JsonProperty member, string path)
    {
        if (!Kept(() => member.Name))
            return new FieldError(path.Length == 0 ? "$" : path, $"member names of {Accepted}");
        return Fault(member.Value, path.Length == 0 ? member.Name : $"{path}.{member.Name}");
    }

    private static bool Kept(Func<string?> read)
    {
        try
        {
            return read()?.Contains('\0', StringComparison.Ordinal) is not true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
