using System.Text.Json.Nodes;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Kubernetes;

/// <summary>Istio's VirtualService: the first rule that matches wins. Names of headers are lower case there.</summary>
internal sealed class IstioShape : RouteShape
{
    public override (string Api, string Plural) Kind => ("apis/networking.istio.io/v1", "virtualservices");
    public override string BackendName => "Istio";
    public override string Rules => "http";
    protected override string Matches => "match";
    protected override string Destinations => "route";

    public override RouterCapabilities Capabilities { get; } = new()
    {
        WeightStep = 1,
        HeaderOverrides = true,
        CookieOverrides = true,
        KeepsStateOverRestart = true,
        KeepsGeneration = true,
        Verifies = true,
        Watches = true,
    };

    public override RouteIntent Normal(RouteIntent intent) => intent with
    {
        Overrides = [.. intent.Overrides.Select(o => o.Source == RequestPart.Header ? o with { Name = o.Name.ToLowerInvariant() } : o)],
    };

    /// <summary>By the status, where Istio is set to write one; by default it writes none, and what is stored is all that can be known.</summary>
    public override Verification? NotYetCarriedOut(RouteState state, JsonObject found)
    {
        var (generation, status) = ((long?)found["metadata"]!["generation"] ?? 0, found["status"]);
        if (status?["observedGeneration"] is { } seen && (long.TryParse(seen.ToString(), out var observed) ? observed : 0) < generation)
            return new Verification.Pending($"Istio has not seen generation {generation} of the VirtualService yet");
        var errors = (status?["validationMessages"] as JsonArray ?? []).Where(m => (string?)m?["level"] == "ERROR").Select(m => $"Istio: {m?["type"]?["name"] ?? m?["documentationUrl"]}").ToList();
        return errors.Count > 0 ? new Verification.Drifted(state, [.. errors]) : null;
    }

    /// <summary>The patch that adds the subsets of arms that a DestinationRule lacks; null when it lacks none.</summary>
    public static PluginResult<JsonObject>? Subsets(KubernetesRoute route, RouteIntent intent, JsonObject found)
    {
        var subsets = found["spec"]?["subsets"] as JsonArray ?? [];
        var missing = intent.Arms.Where(a => a.Weight > 0).Select(a => a.Arm).Union(intent.Overrides.Select(o => o.Arm)).Select(a => (Arm: a, Of: route.Arms[a]))
            .Where(a => a.Of.Subset is { } subset && subsets.All(s => (string?)s?["name"] != subset)).ToList();
        if (missing.Count == 0)
            return null;
        if (missing.FirstOrDefault(a => a.Of.Labels.Count == 0) is { Arm: { } unlabelled })
            return new PluginError(PluginErrorKind.NotFound, $"the DestinationRule {route.DestinationRule} has no subset '{route.Arms[unlabelled].Subset}', and the options give no labels for it");
        var all = subsets.DeepClone().AsArray();
        foreach (var (_, of) in missing)
            all.Add(new JsonObject { ["name"] = of.Subset, ["labels"] = new JsonObject(of.Labels.Select(l => KeyValuePair.Create(l.Key, (JsonNode?)l.Value))) });
        return new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = found["metadata"]!["resourceVersion"]!.DeepClone() },
            ["spec"] = new JsonObject { ["subsets"] = all },
        };
    }

    protected override string? ArmOf(JsonObject destination, KubernetesRoute route) => destination["destination"] is not JsonObject to ? null : route.Arms.FirstOrDefault(a =>
        a.Value.Service == (string?)to["host"] && a.Value.Subset == (string?)to["subset"] && (a.Value.Port is null || a.Value.Port == (int?)to["port"]?["number"])).Key;

    protected override JsonObject NewDestination(KubernetesArm arm)
    {
        var to = new JsonObject { ["host"] = arm.Service };
        if (arm.Subset is not null)
            to["subset"] = arm.Subset;
        if (arm.Port is not null)
            to["port"] = new JsonObject { ["number"] = arm.Port };
        return new JsonObject { ["destination"] = to };
    }

    protected override long WeightOf(JsonObject destination, int destinations) => (long?)destination["weight"] ?? (destinations == 1 ? 100 : 0);

    protected override JsonArray MatchesOf(JsonObject rule) => rule["match"] is JsonArray { Count: > 0 } matches ? matches : new JsonArray(new JsonObject());

    protected override bool TryRequire(JsonObject match, RouteOverride wanted)
    {
        var headers = match["headers"] as JsonObject ?? [];
        var (name, condition) = wanted.Source == RequestPart.Header
            ? (wanted.Name.ToLowerInvariant(), new JsonObject { ["exact"] = wanted.Value })
            : ("cookie", new JsonObject { ["regex"] = CookieExpression.Of(wanted.Name, wanted.Value) });
        if (headers.ContainsKey(name))
            return false;
        headers[name] = condition;
        match["headers"] = headers.DeepClone();
        return true;
    }

    protected override (RequestPart Source, string Name, string Value)? TakeOff(JsonObject match, JsonObject than)
    {
        var fewer = than["headers"] as JsonObject ?? [];
        if (match["headers"] is not JsonObject headers || headers.Count != fewer.Count + 1 || headers.Where(h => !fewer.ContainsKey(h.Key)).ToList() is not [var (name, condition)])
            return null;
        headers.Remove(name);
        if (headers.Count == 0)
            match.Remove("headers");
        return (string?)condition?["exact"] is { } value ? (RequestPart.Header, name, value)
            : name == "cookie" && (string?)condition?["regex"] is { } regex && CookieExpression.Read(regex) is var (cookie, asked) ? (RequestPart.Cookie, cookie, asked)
            : null;
    }
}
