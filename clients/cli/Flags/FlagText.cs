using System.Text.Json;

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

    private static string Count(int count, string what) => count == 0 ? "" : $", {count} {what}{(count == 1 ? "" : "s")}";
}
