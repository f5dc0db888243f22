using System.Text.Json;
using System.Text.Json.Nodes;

namespace Delivery.Targeting.Import;

/// <summary>
/// flagd's shared expressions. An object that is nothing but <c>{ "$ref": "name" }</c> stands for the expression of that
/// name. One after the other in the document's order, as flagd does it: an expression may refer to later ones.
/// </summary>
internal sealed class FlagdEvaluators
{
    /// <summary>Values an expression may have once it is written out: references to references multiply.</summary>
    private const int MaximumSize = 50_000;
    private readonly List<KeyValuePair<string, JsonNode?>> _evaluators = [];

    public FlagdEvaluators(JsonElement document)
    {
        if (!document.TryGetProperty("$evaluators", out var evaluators) || evaluators.ValueKind != JsonValueKind.Object)
            return;
        foreach (var evaluator in evaluators.EnumerateObject())
            _evaluators.Add(new(evaluator.Name, JsonNode.Parse(evaluator.Value.GetRawText())));
    }

    /// <exception cref="FormatException">It is too large when written out.</exception>
    public JsonElement Resolve(JsonElement expression)
    {
        if (_evaluators.Count == 0)
            return expression.Clone();
        var node = JsonNode.Parse(expression.GetRawText());
        foreach (var (name, value) in _evaluators)
        {
            var size = 0;
            node = Replace(node, name, value, ref size);
        }

        return JsonSerializer.SerializeToElement(node);
    }

    private static JsonNode? Replace(JsonNode? node, string name, JsonNode? value, ref int size)
    {
        if (++size > MaximumSize)
            throw new FormatException($"more than {MaximumSize} values once its references are written out");
        switch (node)
        {
            case JsonObject { Count: 1 } reference when reference["$ref"] is JsonValue text && text.TryGetValue<string>(out var named) && named == name:
                return Copied(value, ref size);
            case JsonObject members:
                var copy = new JsonObject();
                foreach (var (key, member) in members)
                    copy[key] = Replace(member, name, value, ref size);
                return copy;
            case JsonArray items:
                var list = new JsonArray();
                foreach (var item in items)
                    list.Add(Replace(item, name, value, ref size));
                return list;
            default:
                return node?.DeepClone();
        }
    }

    private static JsonNode? Copied(JsonNode? value, ref int size)
    {
        size += Size(value);
        if (size > MaximumSize)
            throw new FormatException($"more than {MaximumSize} values once its references are written out");
        return value?.DeepClone();
    }

    private static int Size(JsonNode? node) => node switch
    {
        JsonObject members => 1 + members.Sum(member => Size(member.Value)),
        JsonArray items => 1 + items.Sum(Size),
        _ => 1,
    };
}
