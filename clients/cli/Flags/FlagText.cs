using System.Text.Json;
using System.Text.Json.Nodes;

namespace Delivery.Cli.Flags;

/// <summary>A flag's configuration in words.</summary>
internal static class FlagText
{
    public static string State(JsonElement here) =>
        here.At("killed").ValueKind == JsonValueKind.True ? "killed"
        : here.At("enabled").ValueKind == JsonValueKind.False ? "off"
        : "on";

    public static string Of(JsonElement here)
    {
        var rules = here.Items("rules").Count();
        var targets = here.Items("targets").Count();
        return $"{State(here)}, serves {Serve(here.At("default"))}{Count(rules, "rule")}{Count(targets, "target list")}{Count(here.Items("prerequisites").Count(), "prerequisite")}";
    }

    public static string Serve(JsonElement serve) =>
        serve.At("variant") is { ValueKind: JsonValueKind.String } variant ? variant.GetString()!
        : serve.At("split") is { ValueKind: JsonValueKind.Object } ? "a split"
        : serve.ValueKind == JsonValueKind.Object ? "an expression"
        : "the off variant";

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
    public static JsonNode? Json(string text, string option)
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

    private static string Count(int count, string what) => count == 0 ? "" : $", {count} {what}{(count == 1 ? "" : "s")}";
}
