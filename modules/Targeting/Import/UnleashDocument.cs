using System.Text.Json;

namespace Delivery.Targeting.Import;

/// <summary>Features by name and segments by id, from either of the forms Unleash sends.</summary>
internal static class UnleashDocument
{
    public static (IReadOnlyDictionary<string, JsonElement> Features, IReadOnlyDictionary<string, JsonElement> Segments) Read(JsonElement document)
    {
        var features = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        var segments = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        Take(document, features, segments);
        foreach (var e in Unleash.Items(document, "events"))
        {
            switch (e.GetProperty("type").GetString())
            {
                case "hydration":
                    features.Clear();
                    segments.Clear();
                    Take(e, features, segments);
                    break;
                case "feature-updated":
                    features[e.GetProperty("feature").GetProperty("name").GetString()!] = e.GetProperty("feature");
                    break;
                case "feature-removed":
                    features.Remove(e.GetProperty("featureName").GetString()!);
                    break;
                case "segment-updated":
                    segments[e.GetProperty("segment").GetProperty("id").ToString()] = e.GetProperty("segment");
                    break;
                case "segment-removed":
                    segments.Remove(e.GetProperty("segmentId").ToString());
                    break;
                default:
                    throw new FormatException($"the event type '{e.GetProperty("type")}' is unknown");
            }
        }

        return (features, segments);
    }

    private static void Take(JsonElement from, Dictionary<string, JsonElement> features, Dictionary<string, JsonElement> segments)
    {
        foreach (var feature in Unleash.Items(from, "features"))
            features[feature.GetProperty("name").GetString()!] = feature;
        foreach (var segment in Unleash.Items(from, "segments"))
            segments[segment.GetProperty("id").ToString()] = segment;
    }
}
