using System.Text.Json;
using System.Text.Json.Nodes;

namespace Delivery.Cli;

/// <summary>JSON as it is typed or written to be sent.</summary>
internal static class JsonText
{
    /// <summary>A value as JSON; text that is no JSON is a string.</summary>
    public static JsonNode? Lenient(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return JsonValue.Create(text);
        }
    }

    /// <summary>A value as JSON.</summary>
    /// <exception cref="ApiFault">It is none.</exception>
    public static JsonNode? Strict(string text, string option)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            throw ApiFault.Usage($"{option}: a JSON value is accepted, not '{text}'.");
        }
    }

    /// <summary>Sets a member, if there is something to set.</summary>
    public static JsonObject Set(this JsonObject json, string name, string? value)
    {
        if (value is not null)
            json[name] = value;
        return json;
    }
}
