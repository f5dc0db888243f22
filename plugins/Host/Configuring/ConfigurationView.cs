using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;

namespace Delivery.Plugins.Host;

/// <summary>An instance's configuration as people may see it.</summary>
internal static class ConfigurationView
{
    /// <summary>The section as JSON; references to secrets stay references, a user in a URL is masked.</summary>
    public static JsonNode? Of(IConfigurationSection section)
    {
        var children = section.GetChildren().ToList();
        if (children.Count == 0)
            return section.Value is { } value ? JsonValue.Create(Masked(value)) : null;
        if (children.Select(c => c.Key).SequenceEqual(Enumerable.Range(0, children.Count).Select(i => i.ToString(System.Globalization.CultureInfo.InvariantCulture))))
            return new JsonArray([.. children.Select(Of)]);
        return new JsonObject(children.Select(c => KeyValuePair.Create(c.Key, Of(c))));
    }

    private static string Masked(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var url) && url.UserInfo.Length > 0
            ? value.Replace(url.UserInfo + "@", "***@", StringComparison.Ordinal)
            : value;
}
