using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;

namespace Delivery.Plugins.Host;

/// <summary>A plugin's options type as a JSON schema, for the API and editors.</summary>
internal static class OptionsSchema
{
    private static readonly JsonSerializerOptions Types = new() { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };

    public static JsonNode Of(Type options) => Types.GetJsonSchemaAsNode(options, new JsonSchemaExporterOptions { TransformSchemaNode = Describe });

    private static JsonNode Describe(JsonSchemaExporterContext context, JsonNode schema)
    {
        if (context.TypeInfo.Type == typeof(Secret))
            schema = new JsonObject { ["type"] = "string", ["pattern"] = "^secret:(env|file):.+" };
        if (schema is not JsonObject node || context.PropertyInfo?.AttributeProvider is not { } attributes)
            return schema;
        foreach (var attribute in attributes.GetCustomAttributes(inherit: true))
            Describe(node, attribute);
        return node;
    }

    private static void Describe(JsonObject node, object attribute)
    {
        switch (attribute)
        {
            case DescriptionAttribute d:
                node["description"] = d.Description;
                break;
            case RangeAttribute { Minimum: IConvertible low, Maximum: IConvertible high } when low is not string:
                node["minimum"] = low.ToDouble(null);
                node["maximum"] = high.ToDouble(null);
                break;
            case RegularExpressionAttribute r:
                node["pattern"] = r.Pattern;
                break;
            case MinLengthAttribute m:
                node[node["type"]?.ToString() == "string" ? "minLength" : "minItems"] = m.Length;
                break;
        }
    }
}
