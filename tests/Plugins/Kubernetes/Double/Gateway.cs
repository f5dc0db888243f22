using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Delivery.Plugins.Compliance;

namespace Delivery.Plugins.Tests.Kubernetes;

/// <summary>
/// What a gateway makes of a stored object, by the words of the two APIs: Gateway API takes the match with the most headers, Istio the
/// first rule; both split by weight. It knows nothing of the plugin.
/// </summary>
internal sealed class Gateway(Store store, string path, bool istio)
{
    private readonly Spread _spread = new();

    /// <summary>The service or subset that a request goes to.</summary>
    public string Send(RouterRequest request)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (request.Header is { } header)
            headers[header.Name] = header.Value;
        if (request.Cookie is { } cookie)
            headers["cookie"] = $"other=1; {cookie.Name}={cookie.Value}; last=2";
        var spec = store.Get(path)!["spec"]!;
        return istio ? Istio(spec["http"]!.AsArray(), headers) : HttpRoute(spec["rules"]!.AsArray(), headers);
    }

    private string HttpRoute(JsonArray rules, Dictionary<string, string> headers)
    {
        var rule = rules
            .SelectMany(r => r!["matches"]!.AsArray().Select(m => (Rule: r, Conditions: (m!["headers"] as JsonArray ?? []).ToList())))
            .Where(m => m.Conditions.All(c => headers.TryGetValue((string)c!["name"]!, out var value) && value == (string)c["value"]!))
            .MaxBy(m => m.Conditions.Count).Rule;
        return _spread.Pick(rule["backendRefs"]!.AsArray().Select(b => ((string)b!["name"]!, (int)b["weight"]!)));
    }

    private string Istio(JsonArray rules, Dictionary<string, string> headers)
    {
        var rule = rules.First(r => r!["match"] is not JsonArray { Count: > 0 } matches || matches.Any(m =>
            (m!["headers"] as JsonObject ?? []).All(c => headers.TryGetValue(c.Key, out var value)
                && ((string?)c.Value!["exact"] is { } exact ? value == exact : Regex.IsMatch(value, $"^(?:{c.Value["regex"]})$", RegexOptions.None, TimeSpan.FromSeconds(1))))));
        var routes = rule!["route"]!.AsArray();
        return _spread.Pick(routes.Select(d => ((string)d!["destination"]!["subset"]!, routes.Count == 1 ? 1 : (int?)d["weight"] ?? 0)));
    }
}
