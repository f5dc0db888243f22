using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Delivery.Contracts.Http;

/// <summary>The bytes of a JSON request body: of the right content type, in UTF-8, with no text that can't be kept.</summary>
public static class JsonBody
{
    /// <summary>Reads the whole body; whether it is JSON, the caller finds out.</summary>
    /// <exception cref="InvalidRequest">The content type is another, or a text in it can't be kept.</exception>
    public static async Task<MemoryStream> ReadAsync(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        if (!http.Request.HasJsonContentType() || !InUtf8(http.Request.ContentType))
            throw new InvalidRequest([new("Content-Type", "application/json, in UTF-8")], StatusCodes.Status415UnsupportedMediaType);
        var json = new MemoryStream();
        await http.Request.Body.CopyToAsync(json, http.RequestAborted);
        if (Fault(json) is { } fault)
            throw new InvalidRequest([fault]);
        json.Position = 0;
        return json;
    }

    private static Commands.FieldError? Fault(MemoryStream json)
    {
        try
        {
            return JsonText.Fault(json.GetBuffer().AsMemory(0, (int)json.Length));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool InUtf8(string? contentType) =>
        !MediaTypeHeaderValue.TryParse(contentType, out var type) || !type.Charset.HasValue
        || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase);
}
