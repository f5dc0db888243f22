using System.Text.Json;

namespace Delivery.Evaluation;

/// <summary>A variant with its value read once.</summary>
internal sealed class VariantPlan
{
    internal VariantPlan(Variant definition)
    {
        Key = definition.Key;
        Value = definition.Value;
        Boolean = Value.ValueKind == JsonValueKind.True;
        Text = Value.ValueKind == JsonValueKind.String ? Value.GetString() : null;
        Number = Value.ValueKind == JsonValueKind.Number ? Value.GetDouble() : 0;
    }

    internal string Key { get; }

    internal JsonElement Value { get; }

    internal bool Boolean { get; }

    internal string? Text { get; }

    internal double Number { get; }
}
