using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Kubernetes;

/// <summary>Gateway API's HTTPRoute. A rule with one header more is more specific, so it wins whatever the order.</summary>
internal sealed class GatewayShape : RouteShape
{
    public override (string Api, string Plural) Kind => ("apis/gateway.networking.k8s.io/v1", "httproutes");
    public override string BackendName => "Gateway API";
    public override string Rules => "rules";
    protected override string Matches => "matches";
    protected override string Destinations => "backendRefs";

    public override RouterCapabilities Capabilities { get; } = new()
    {
        WeightStep = 1,
        HeaderOverrides = true,
        KeepsStateOverRestart = true,
        KeepsGeneration = true,
        Verifies = true,
        Watches = true,
    };

    /// <summary>By the conditions that the gateways' controllers write into the status.</summary>
    public override Verification? NotYetCarriedOut(RouteState state, JsonObject found)
    {
        var generation = (long?)found["metadata"]!["generation"] ?? 0;
        var conditions = (found["status"]?["parents"] as JsonArray ?? []).SelectMany(p => p?["conditions"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        if (!conditions.Any(c => (string?)c["type"] == "Accepted"))
            return new Verification.Pending("no gateway has accepted the HTTPRoute yet");
        if (conditions.Any(c => ((long?)c["observedGeneration"] ?? 0) < generation))
            return new Verification.Pending($"a gateway has not seen generation {generation} of the HTTPRoute yet");
        ImmutableArray<string> refused = [.. conditions.Where(c => (string?)c["type"] is "Accepted" or "ResolvedRefs" && (string?)c["status"] != "True").Select(c => $"{c["type"]} is {c["status"]}: {c["message"]}")];
        return refused.Length > 0 ? new Verification.Drifted(state, refused) : null;
    }

    protected override string? ArmOf(JsonObject destination, KubernetesRoute route) => (string?)destination["kind"] is null or "Service"
        ? route.Arms.FirstOrDefault(a => a.Value.Service == (string?)destination["name"] && a.Value.Port == (int?)destination["port"]
            && ((string?)destination["namespace"] ?? route.Namespace) == route.Namespace).Key
        : null;

    protected override JsonObject NewDestination(KubernetesArm arm) => new() { ["kind"] = "Service", ["name"] = arm.Service, ["port"] = arm.Port };

    protected override long WeightOf(JsonObject destination, int destinations) => (long?)destination["weight"] ?? 1;

    protected override JsonArray MatchesOf(JsonObject rule) => rule["matches"] is JsonArray { Count: > 0 } matches
        ? matches
        : new JsonArray(new JsonObject { ["path"] = new JsonObject { ["type"] = "PathPrefix", ["value"] = "/" } });

    protected override bool TryRequire(JsonObject match, RouteOverride wanted)
    {
        var headers = match["headers"] as JsonArray ?? [];
        if (headers.Any(h => string.Equals((string?)h?["name"], wanted.Name, StringComparison.OrdinalIgnoreCase)))
            return false;
        match["headers"] = new JsonArray([.. headers.Select(h => h?.DeepClone()), new JsonObject { ["type"] = "Exact", ["name"] = wanted.Name, ["value"] = wanted.Value }]);
        return true;
    }

    protected override (RequestPart Source, string Name, string Value)? TakeOff(JsonObject match, JsonObject than)
    {
        if (match["headers"] is not JsonArray { Count: > 0 } headers || headers.Count != ((than["headers"] as JsonArray)?.Count ?? 0) + 1
            || headers[^1] is not JsonObject last || (string?)last["type"] is not (null or "Exact"))
            return null;
        headers.RemoveAt(headers.Count - 1);
        if (headers.Count == 0)
            match.Remove("headers");
        return (RequestPart.Header, (string)last["name"]!, (string)last["value"]!);
    }
}
