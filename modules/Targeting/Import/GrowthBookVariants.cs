using System.Text.Json;
using Delivery.Evaluation;

namespace Delivery.Targeting.Import;

/// <summary>Makes variants of a feature's values: GrowthBook has values only, equal values are one variant.</summary>
internal sealed class GrowthBookVariants
{
    private readonly List<Variant> _all = [];

    public static JsonElement Null { get; } = JsonSerializer.SerializeToElement((object?)null);

    public IReadOnlyList<Variant> All => _all;

    /// <summary>The type that all values have; <see cref="FlagType.Object"/> where they differ or one is null.</summary>
    public FlagType Type => Translation.TypeOf(_all.Select(variant => variant.Value));

    /// <summary>The key of a value's variant.</summary>
    public string Key(JsonElement value)
    {
        if (_all.Find(v => JsonElement.DeepEquals(v.Value, value)) is { } known)
            return known.Key;
        var name = value.ValueKind switch
        {
            JsonValueKind.True => "on",
            JsonValueKind.False => "off",
            JsonValueKind.Null => "null",
            JsonValueKind.String when value.GetString() is { Length: > 0 and <= 50 } text && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') => text,
            JsonValueKind.Number when value.GetRawText().Length <= 20 => value.GetRawText(),
            _ => $"value-{_all.Count}",
        };
        if (_all.Exists(v => v.Key == name))
            name = $"{name}-{_all.Count}";
        _all.Add(new Variant { Key = name, Value = value.Clone() });
        return name;
    }
}
