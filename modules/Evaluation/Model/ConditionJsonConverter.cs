using System.Text.Json;
using System.Text.Json.Serialization;

namespace Delivery.Evaluation;

/// <summary>Reads a condition by the word it holds, so that member order (jsonb reorders) does not matter.</summary>
internal sealed class ConditionJsonConverter : JsonConverter<Condition>
{
    public override Condition Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Parse(JsonElement.ParseValue(ref reader), depth: 0);

    public override void Write(Utf8JsonWriter writer, Condition value, JsonSerializerOptions options) => Write(writer, value);

    private static Condition Parse(JsonElement json, int depth)
    {
        if (depth > 2 * Limits.ConditionDepth)
            throw new JsonException($"A condition tree is at most {Limits.ConditionDepth} deep.");
        if (json.ValueKind != JsonValueKind.Object)
            throw new JsonException("A condition is an object with all, any, not, attribute, segment, flag, growthBook or jsonLogic.");
        if (json.TryGetProperty("all", out var all))
            return new Condition.All(ParseList(all, "all", depth));
        if (json.TryGetProperty("any", out var any))
            return new Condition.Any(ParseList(any, "any", depth));
        if (json.TryGetProperty("not", out var not))
            return new Condition.Not(Parse(not, depth + 1));
        if (json.TryGetProperty("attribute", out var attribute))
            return ParseAttribute(json, Text(attribute, "attribute"), depth);
        if (json.TryGetProperty("segment", out var segment))
            return new Condition.InSegment(Text(segment, "segment"));
        if (json.TryGetProperty("growthBook", out var query))
            return new Condition.GrowthBook(query, json.TryGetProperty("flagValue", out var of) ? of.GetString() : null);
        if (json.TryGetProperty("flag", out var flag))
            return new Condition.FlagServes(Text(flag, "flag"), ParseVariants(json));
        if (json.TryGetProperty("jsonLogic", out var expression))
            return new Condition.JsonLogic(expression);
        return new Condition.Unknown(json);
    }

    private static Condition ParseAttribute(JsonElement json, string name, int depth)
    {
        // An operator of a newer server must not stop an older SDK from reading the rest.
        if (!json.TryGetProperty("operator", out var word) || word.ValueKind != JsonValueKind.String
            || !Operators.TryParse(word.GetString()!, out var comparison))
            return new Condition.Unknown(json);
        return new Condition.Attribute
        {
            Name = name,
            Operator = comparison,
            Values = json.TryGetProperty("values", out var values) ? ParseValues(values) : [],
            IgnoreCase = json.TryGetProperty("ignoreCase", out var ignoreCase) && ignoreCase.ValueKind == JsonValueKind.True,
            Element = json.TryGetProperty("element", out var element) ? Parse(element, depth + 1) : null,
        };
    }

    private static JsonElement[] ParseValues(JsonElement values) => values.ValueKind switch
    {
        JsonValueKind.Array => [.. values.EnumerateArray()],
        JsonValueKind.Null => [],
        _ => throw new JsonException("values is an array."),
    };

    private static string[] ParseVariants(JsonElement json) =>
        json.TryGetProperty("variants", out var variants) && variants.ValueKind == JsonValueKind.Array
            ? [.. variants.EnumerateArray().Select(variant => Text(variant, "variants"))]
            : [];

    private static List<Condition> ParseList(JsonElement json, string name, int depth)
    {
        if (json.ValueKind != JsonValueKind.Array)
            throw new JsonException($"{name} is an array of conditions.");
        var conditions = new List<Condition>(json.GetArrayLength());
        foreach (var item in json.EnumerateArray())
            conditions.Add(Parse(item, depth + 1));
        return conditions;
    }

    private static string Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.String ? json.GetString()! : throw new JsonException($"{name} is a string.");

    private static void Write(Utf8JsonWriter writer, Condition value)
    {
        if (value is Condition.Unknown unknown)
        {
            unknown.Content.WriteTo(writer);
            return;
        }

        writer.WriteStartObject();
        switch (value)
        {
            case Condition.All all:
                WriteList(writer, "all", all.Conditions);
                break;
            case Condition.Any any:
                WriteList(writer, "any", any.Conditions);
                break;
            case Condition.Not not:
                writer.WritePropertyName("not");
                Write(writer, not.Inner);
                break;
            case Condition.Attribute attribute:
                WriteAttribute(writer, attribute);
                break;
            case Condition.InSegment segment:
                writer.WriteString("segment", segment.Key);
                break;
            case Condition.FlagServes flag:
                writer.WriteString("flag", flag.Key);
                WriteTexts(writer, "variants", flag.Variants);
                break;
            case Condition.GrowthBook growthBook:
                writer.WritePropertyName("growthBook");
                growthBook.Query.WriteTo(writer);
                if (growthBook.FlagValue is { } of)
                    writer.WriteString("flagValue", of);
                break;
            case Condition.JsonLogic logic:
                writer.WritePropertyName("jsonLogic");
                logic.Expression.WriteTo(writer);
                break;
            default:
                throw new JsonException($"No JSON for {value.GetType().Name}.");
        }

        writer.WriteEndObject();
    }

    private static void WriteAttribute(Utf8JsonWriter writer, Condition.Attribute attribute)
    {
        writer.WriteString("attribute", attribute.Name);
        writer.WriteString("operator", Operators.Word(attribute.Operator));
        if (attribute.Values.Count > 0)
        {
            writer.WriteStartArray("values");
            foreach (var item in attribute.Values)
                item.WriteTo(writer);
            writer.WriteEndArray();
        }

        if (attribute.IgnoreCase)
            writer.WriteBoolean("ignoreCase", true);
        if (attribute.Element is { } element)
        {
            writer.WritePropertyName("element");
            Write(writer, element);
        }
    }

    private static void WriteList(Utf8JsonWriter writer, string name, IReadOnlyList<Condition> conditions)
    {
        writer.WriteStartArray(name);
        foreach (var condition in conditions)
            Write(writer, condition);
        writer.WriteEndArray();
    }

    private static void WriteTexts(Utf8JsonWriter writer, string name, IReadOnlyList<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (var text in texts)
            writer.WriteStringValue(text);
        writer.WriteEndArray();
    }
}
