using System.Text.Json;

namespace Delivery.Evaluation;

/// <summary>A variant with its value read once.</summary>
internal sealed class VariantPlan
{
    internal VariantPlan(Variant definition)
    {
        Key = definition.Key;
        Value = definition.Value;
        Kind = Value.ValueKind;
        Boolean = Kind == JsonValueKind.True;
        Text = Kind == JsonValueKind.String ? Value.GetString() : null;
        Number = Kind == JsonValueKind.Number ? Value.GetDouble() : 0;
    }

    internal string Key { get; }

    internal JsonElement Value { get; }

    internal JsonValueKind Kind { get; }

    internal bool Boolean { get; }

    internal string? Text { get; }

    internal double Number { get; }
}
