using System.Text.Json;
using System.Text.Json.Nodes;
using Delivery.Evaluation;

namespace Delivery.Targeting.Import;

/// <summary>
/// GrowthBook's saved groups. Groups of text become segments. GrowthBook tells 1 from "1", a segment's list holds text
/// only: a group with other values, or one that does not exist, is written into the conditions that ask for it.
/// </summary>
internal sealed class GrowthBookGroups
{
    private readonly Dictionary<string, JsonElement> _inlined = new(StringComparer.Ordinal);
    private readonly List<Segment> _segments = [];

    public GrowthBookGroups(JsonElement document)
    {
        if (!document.TryGetProperty("savedGroups", out var groups) || groups.ValueKind != JsonValueKind.Object)
            return;
        foreach (var group in groups.EnumerateObject().Where(group => group.Value.ValueKind == JsonValueKind.Array))
        {
            if (group.Value.EnumerateArray().All(id => id.ValueKind == JsonValueKind.String))
                _segments.Add(new Segment { Key = group.Name, Included = [.. group.Value.EnumerateArray().Select(id => id.GetString()!)] });
            else
                _inlined[group.Name] = group.Value;
        }
    }

    public IReadOnlyList<Segment> Segments => _segments;

    /// <summary>A condition that names segments only.</summary>
    public JsonElement Written(JsonElement condition) => JsonSerializer.SerializeToElement(Rewrite(condition));

    private JsonNode? Rewrite(JsonElement json)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                var copy = new JsonObject();
                foreach (var member in json.EnumerateObject())
                {
                    if (member.Name is "$inGroup" or "$notInGroup" && member.Value.ValueKind == JsonValueKind.String && !_segments.Exists(s => s.Key == member.Value.GetString()))
                        copy[member.Name == "$inGroup" ? "$in" : "$nin"] = Values(member.Value.GetString()!);
                    else
                        copy[member.Name] = Rewrite(member.Value);
                }

                return copy;
            case JsonValueKind.Array:
                return new JsonArray([.. json.EnumerateArray().Select(Rewrite)]);
            default:
                return JsonNode.Parse(json.GetRawText());
        }
    }

    private JsonArray Values(string group) =>
        _inlined.TryGetValue(group, out var values) ? (JsonArray)JsonNode.Parse(values.GetRawText())! : [];
}
