using System.Text.Json.Nodes;

namespace Delivery.Plugins.Tests.Kubernetes;

/// <summary>Objects as a team has them before a rollout: with rules, filters and fields of its own.</summary>
internal static class Objects
{
    private static readonly string[] GoodConditions = ["Accepted", "ResolvedRefs"];

    public static JsonObject HttpRoute() => JsonNode.Parse("""
        {
          "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
          "metadata": { "name": "shop", "namespace": "web", "labels": { "team": "shop" }, "annotations": { "somebody": "else" } },
          "spec": {
            "parentRefs": [{ "group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "edge" }],
            "hostnames": ["shop.example"],
            "rules": [
              { "matches": [{ "path": { "type": "PathPrefix", "value": "/images" }, "headers": [{ "type": "Exact", "name": "x-images", "value": "1" }] }],
                "backendRefs": [{ "group": "", "kind": "Service", "name": "images", "port": 80, "weight": 1 }] },
              { "matches": [{ "path": { "type": "PathPrefix", "value": "/" } }],
                "filters": [{ "type": "RequestHeaderModifier", "requestHeaderModifier": { "set": [{ "name": "x-by", "value": "edge" }] } }],
                "timeouts": { "request": "10s" },
                "backendRefs": [{ "group": "", "kind": "Service", "name": "stable", "port": 80, "weight": 1 }] }
            ]
          }
        }
        """)!.AsObject();

    public static JsonObject VirtualService() => JsonNode.Parse("""
        {
          "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
          "metadata": { "name": "shop", "namespace": "web", "labels": { "team": "shop" } },
          "spec": {
            "hosts": ["shop"],
            "http": [
              { "name": "images", "match": [{ "uri": { "prefix": "/images" }, "headers": { "x-images": { "exact": "1" } } }], "route": [{ "destination": { "host": "images", "subset": "all" } }] },
              { "timeout": "10s", "retries": { "attempts": 2 }, "route": [{ "destination": { "host": "shop", "subset": "stable" } }] }
            ]
          }
        }
        """)!.AsObject();

    public static JsonObject DestinationRule() => JsonNode.Parse("""
        {
          "apiVersion": "networking.istio.io/v1", "kind": "DestinationRule",
          "metadata": { "name": "shop", "namespace": "web" },
          "spec": { "host": "shop", "trafficPolicy": { "loadBalancer": { "simple": "LEAST_REQUEST" } }, "subsets": [{ "name": "stable", "labels": { "version": "1" } }] }
        }
        """)!.AsObject();

    /// <summary>What a gateway's controller writes when it has taken the route.</summary>
    public static void Accept(JsonObject found) => Accept(found, (long)found["metadata"]!["generation"]!, "True");

    public static void Accept(JsonObject found, long seen, string status)
    {
        if ((string?)found["kind"] == "HTTPRoute")
        {
            found["status"] = new JsonObject
            {
                ["parents"] = new JsonArray(new JsonObject
                {
                    ["controllerName"] = "example.com/gateway",
                    ["parentRef"] = new JsonObject { ["name"] = "edge" },
                    ["conditions"] = new JsonArray(GoodConditions.Select(JsonNode (type) => new JsonObject
                    {
                        ["type"] = type,
                        ["status"] = status,
                        ["observedGeneration"] = seen,
                        ["reason"] = "Test",
                        ["message"] = $"{type} by the test",
                        ["lastTransitionTime"] = "2026-01-01T00:00:00Z",
                    }).ToArray()),
                }),
            };
        }
    }
}
