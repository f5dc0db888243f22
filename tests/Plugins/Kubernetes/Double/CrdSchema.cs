using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;

namespace Delivery.Plugins.Tests.Kubernetes;

/// <summary>
/// A published schema of a custom resource, used as an API server does: defaults are filled in, unknown fields are refused (strict field
/// validation), and what is left is validated. Rules in CEL are not evaluated.
/// </summary>
internal sealed class CrdSchema
{
    private readonly JsonObject _schema;
    private readonly JsonSchema _compiled;

    private CrdSchema(JsonObject document)
    {
        (ApiVersion, Kind, Plural) = ($"{document["group"]}/{document["version"]}", (string)document["kind"]!, (string)document["plural"]!);
        _schema = document["schema"]!.AsObject();
        _compiled = JsonSchema.FromText(Plain(_schema.DeepClone())!.ToJsonString());
    }

    public string ApiVersion { get; }
    public string Kind { get; }
    public string Plural { get; }

    /// <summary>The schemas in <c>Schemas/</c>.</summary>
    public static IReadOnlyList<CrdSchema> All { get; } =
        [.. new[] { "httproute", "virtualservice", "destinationrule" }.Select(n => new CrdSchema(JsonNode.Parse(File.ReadAllText(PathOf(n)))!.AsObject()))];

    /// <summary>Fills the defaults in.</summary>
    public void Default(JsonObject found) => Default(found["spec"], _schema["properties"]!["spec"]!.AsObject());

    /// <summary>Fields that the schema does not know, by path.</summary>
    public IEnumerable<string> Unknown(JsonObject found) => Unknown(found["spec"], _schema["properties"]!["spec"]!.AsObject(), "spec");

    /// <summary>What breaks the schema, by path.</summary>
    public IReadOnlyList<string> Invalid(JsonObject found)
    {
        var result = _compiled.Evaluate(JsonSerializer.SerializeToElement(found), new EvaluationOptions { OutputFormat = OutputFormat.List });
        return result.IsValid ? [] :
        [
            .. (result.Details ?? []).Where(d => d.Errors is not null).SelectMany(d => d.Errors!.Select(e => $"{d.InstanceLocation}: {e.Value}")),
        ];
    }

    private static void Default(JsonNode? node, JsonObject schema)
    {
        switch (node)
        {
            case JsonObject o when schema["properties"] is JsonObject properties:
                foreach (var (name, of) in properties)
                {
                    if (!o.ContainsKey(name) && of!["default"] is { } value)
                        o[name] = value.DeepClone();
                    Default(o[name], of!.AsObject());
                }

                break;
            case JsonArray a when schema["items"] is JsonObject items:
                foreach (var item in a)
                    Default(item, items);
                break;
        }
    }

    private static IEnumerable<string> Unknown(JsonNode? node, JsonObject schema, string path) => node switch
    {
        JsonObject o when schema["properties"] is JsonObject properties => o.SelectMany(p => properties[p.Key] is JsonObject of
            ? Unknown(p.Value, of, $"{path}.{p.Key}")
            : (bool?)schema["x-kubernetes-preserve-unknown-fields"] == true ? [] : [$"unknown field \"{path}.{p.Key}\""]),
        JsonArray a when schema["items"] is JsonObject items => a.SelectMany((n, i) => Unknown(n, items, $"{path}[{i}]")),
        _ => [],
    };

    /// <summary>Kubernetes' structural schema as JSON Schema: its own keywords off, and null where it is allowed.</summary>
    private static JsonNode? Plain(JsonNode? node)
    {
        if (node is JsonObject o)
        {
            if (o["nullable"] is JsonValue && o["type"] is { } type)
                o["type"] = new JsonArray(type.DeepClone(), "null");
            foreach (var own in o.Select(p => p.Key).Where(k => k == "nullable" || k.StartsWith("x-kubernetes-", StringComparison.Ordinal)).ToList())
                o.Remove(own);
            foreach (var (_, inner) in o)
                Plain(inner);
        }
        else if (node is JsonArray a)
        {
            foreach (var inner in a)
                Plain(inner);
        }

        return node;
    }

    private static string PathOf(string name) => Path.Combine(Path.GetDirectoryName(Testing.Node.NodePackages.Folder)!, "Plugins", "Kubernetes", "Schemas", $"{name}.json");
}
