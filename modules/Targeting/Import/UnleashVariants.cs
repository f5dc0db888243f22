using System.Globalization;
using System.Text.Json;
using Delivery.Evaluation;

namespace Delivery.Targeting.Import;

/// <summary>A toggle's outcomes as variants. Without payloads they are true and false.</summary>
internal sealed class UnleashVariants
{
    private static readonly JsonElement Null = JsonSerializer.SerializeToElement((object?)null);
    private readonly List<Variant> _all;
    private readonly bool _hasPayloads;

    public UnleashVariants(bool hasPayloads)
    {
        _hasPayloads = hasPayloads;
        _all =
        [
            new Variant { Key = "enabled", Value = hasPayloads ? Null : JsonSerializer.SerializeToElement(true) },
            new Variant { Key = "disabled", Value = hasPayloads ? Null : JsonSerializer.SerializeToElement(false) },
        ];
    }

    public IReadOnlyList<Variant> All => _all;

    public FlagType Type => _hasPayloads ? FlagType.Object : FlagType.Boolean;

    /// <summary>The key of a variant of the foreign document; equal names with other payloads get a number.</summary>
    public string Key(JsonElement variant)
    {
        var name = variant.GetProperty("name").GetString()!;
        var value = Payload(variant);
        var key = name;
        for (var i = 2; _all.Find(known => known.Key == key) is { } taken; i++)
        {
            if (JsonElement.DeepEquals(taken.Value, value))
                return key;
            key = $"{name}-{i}";
        }

        _all.Add(new Variant { Key = key, Value = value });
        return key;
    }

    private static JsonElement Payload(JsonElement variant)
    {
        if (!variant.TryGetProperty("payload", out var payload) || payload.ValueKind != JsonValueKind.Object)
            return Null;
        var text = payload.GetProperty("value").ToString();
        return payload.GetProperty("type").GetString() switch
        {
            "number" when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => JsonSerializer.SerializeToElement(number),
            "json" => JsonSerializer.Deserialize<JsonElement>(text),
            _ => JsonSerializer.SerializeToElement(text),
        };
    }
}
