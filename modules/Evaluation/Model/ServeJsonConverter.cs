using System.Text.Json;
using System.Text.Json.Serialization;

namespace Delivery.Evaluation;

internal sealed class ServeJsonConverter : JsonConverter<Serve>
{
    public override Serve Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var json = JsonElement.ParseValue(ref reader);
        if (json.ValueKind != JsonValueKind.Object)
            throw new JsonException("serve is an object with variant, split or jsonLogic.");
        if (json.TryGetProperty("variant", out var variant))
            return new Serve.Variant(variant.GetString() ?? throw new JsonException("serve.variant names a variant."));
        if (json.TryGetProperty("split", out var split))
            return new Serve.Split(split.Deserialize(RulesetJson.Default.Split) ?? throw new JsonException("serve.split is an object."));
        if (json.TryGetProperty("jsonLogic", out var expression))
            return new Serve.JsonLogic(expression);
        return new Serve.Unknown(json);
    }

    public override void Write(Utf8JsonWriter writer, Serve value, JsonSerializerOptions options)
    {
        if (value is Serve.Unknown unknown)
        {
            unknown.Content.WriteTo(writer);
            return;
        }

        writer.WriteStartObject();
        switch (value)
        {
            case Serve.Variant variant:
                writer.WriteString("variant", variant.Key);
                break;
            case Serve.Split split:
                writer.WritePropertyName("split");
                JsonSerializer.Serialize(writer, split.Assignment, RulesetJson.Default.Split);
                break;
            case Serve.JsonLogic logic:
                writer.WritePropertyName("jsonLogic");
                logic.Expression.WriteTo(writer);
                break;
            default:
                throw new JsonException($"No JSON for {value.GetType().Name}.");
        }

        writer.WriteEndObject();
    }
}
