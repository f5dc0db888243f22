using System.Text.Json.Nodes;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Kubernetes;

/// <summary>
/// How one API writes a route down. Both have a list of rules, each with matches and weighted destinations. The route is one of
/// them, and the overrides are rules like it before it, that ask for one header more. Every other field and rule stays as it is.
/// </summary>
internal abstract class RouteShape
{
    /// <summary>The API's group and version, and the objects' plural: <c>apis/gateway.networking.k8s.io/v1</c>, <c>httproutes</c>.</summary>
    public abstract (string Api, string Plural) Kind { get; }

    public abstract string BackendName { get; }

    public abstract RouterCapabilities Capabilities { get; }

    /// <summary>The field of <c>spec</c> that has the rules.</summary>
    public abstract string Rules { get; }

    protected abstract string Matches { get; }

    protected abstract string Destinations { get; }

    /// <summary>The route as an object has it; an error when there is none.</summary>
    public PluginResult<RouteState> Read(string name, KubernetesRoute route, JsonObject found)
    {
        if (SplitIn(route, found) is not { } split)
            return Missing(name, route);
        var weights = DestinationsOf(split).GroupBy(d => ArmOf(d, route)!).Select(g => (Arm: g.Key, Weight: g.Sum(d => WeightOf(d, DestinationsOf(split).Count())))).ToList();
        var total = Math.Max(1, weights.Sum(w => w.Weight));
        var arms = weights.Select(w => new ArmWeight(w.Arm, (int)(w.Weight * BasisPoints.All / total))).ToList();
        var rest = arms.FindIndex(a => a.Arm == route.Stable) is >= 0 and var stable ? stable : 0;
        arms[rest] = arms[rest] with { Weight = arms[rest].Weight + (weights.Sum(w => w.Weight) == 0 ? 0 : BasisPoints.All - arms.Sum(a => a.Weight)) };
        var metadata = found["metadata"]!;
        return new RouteState(
            name,
            (string)metadata["resourceVersion"]!,
            long.TryParse((string?)metadata["annotations"]?[Annotation(name)], out var generation) ? generation : null,
            [.. arms],
            [.. OverridesIn(route, found, split).Select(o => o.Override)]);
    }

    /// <summary>The patch that brings an object to an intent.</summary>
    public PluginResult<JsonObject> Patch(KubernetesRoute route, JsonObject found, RouteIntent intent)
    {
        if (SplitIn(route, found) is not { } split)
            return Missing(intent.Route, route);
        var gone = OverridesIn(route, found, split).Select(o => o.Rule).ToHashSet();
        var rules = new JsonArray();
        foreach (var rule in RulesOf(found).Where(r => !gone.Contains(r)))
        {
            if (ReferenceEquals(rule, split))
            {
                foreach (var o in intent.Overrides)
                {
                    if (Override(route, split, o) is not { } made)
                        return new PluginError(PluginErrorKind.InvalidIntent, $"the rule already asks for the header '{o.Name}'");
                    rules.Add(made);
                }

                rules.Add(Split(route, split, intent));
            }
            else
                rules.Add(rule.DeepClone());
        }

        return new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["resourceVersion"] = found["metadata"]!["resourceVersion"]!.DeepClone(),
                ["annotations"] = new JsonObject { [Annotation(intent.Route)] = $"{intent.Generation}" },
            },
            ["spec"] = new JsonObject { [Rules] = rules },
        };
    }

    /// <summary>An intent with names as this API writes them.</summary>
    public virtual RouteIntent Normal(RouteIntent intent) => intent;

    /// <summary>Whether who carries the object out has taken it as it is: null for yes, else what to answer.</summary>
    public abstract Verification? NotYetCarriedOut(RouteState state, JsonObject found);

    /// <summary>The arm that a destination is; null for a foreign one.</summary>
    protected abstract string? ArmOf(JsonObject destination, KubernetesRoute route);

    protected abstract JsonObject NewDestination(KubernetesArm arm);

    /// <summary>A destination's weight; without one as the API takes it.</summary>
    protected abstract long WeightOf(JsonObject destination, int destinations);

    /// <summary>Adds the override's condition to a match; false when it asks for that header already.</summary>
    protected abstract bool TryRequire(JsonObject match, RouteOverride wanted);

    /// <summary>Takes the one condition off a match that another lacks, and says which; null when there is none such.</summary>
    protected abstract (RequestPart Source, string Name, string Value)? TakeOff(JsonObject match, JsonObject than);

    /// <summary>The matches of a rule; one that matches everything has one.</summary>
    protected abstract JsonArray MatchesOf(JsonObject rule);

    private static string Annotation(string route) => $"delivery/generation.{route}";

    private PluginError Missing(string name, KubernetesRoute route) => new(
        PluginErrorKind.NotFound,
        $"the route '{name}': {Kind.Plural} {route.Namespace}/{route.Name} has no rule{(route.Rule is null ? "" : $" '{route.Rule}'")} that leads to {string.Join(", ", route.Arms.Keys)} only");

    private IEnumerable<JsonObject> RulesOf(JsonObject found) => (found["spec"]?[Rules] as JsonArray ?? []).OfType<JsonObject>();

    private IEnumerable<JsonObject> DestinationsOf(JsonObject rule) => (rule[Destinations] as JsonArray ?? []).OfType<JsonObject>();

    private JsonObject? SplitIn(KubernetesRoute route, JsonObject found) => RulesOf(found).LastOrDefault(r =>
        (route.Rule is null || (string?)r["name"] == route.Rule) && DestinationsOf(r).Any() && DestinationsOf(r).All(d => ArmOf(d, route) is not null));

    private IEnumerable<(JsonObject Rule, RouteOverride Override)> OverridesIn(KubernetesRoute route, JsonObject found, JsonObject split)
    {
        foreach (var rule in RulesOf(found).TakeWhile(r => !ReferenceEquals(r, split)))
        {
            if (DestinationsOf(rule).ToList() is [var only] && ArmOf(only, route) is { } arm && Beyond(rule, split) is var (source, name, value))
                yield return (rule, new RouteOverride(source, name, value, arm));
        }
    }

    /// <summary>The one condition that every match of a rule has beyond the split's.</summary>
    private (RequestPart Source, string Name, string Value)? Beyond(JsonObject rule, JsonObject split)
    {
        var (matches, than) = (MatchesOf(rule), MatchesOf(split));
        if (matches.Count != than.Count)
            return null;
        var conditions = new HashSet<(RequestPart, string, string)>();
        foreach (var (match, other) in matches.Zip(than))
        {
            var copy = match!.DeepClone().AsObject();
            if (TakeOff(copy, other!.AsObject()) is not { } condition || !JsonNode.DeepEquals(copy, other))
                return null;
            conditions.Add(condition);
        }

        return conditions.Count == 1 ? conditions.Single() : null;
    }

    private JsonObject? Override(KubernetesRoute route, JsonObject split, RouteOverride wanted)
    {
        var rule = split.DeepClone().AsObject();
        rule.Remove("name");
        var matches = MatchesOf(split).DeepClone().AsArray();
        if (!matches.All(m => TryRequire(m!.AsObject(), wanted)))
            return null;
        rule[Matches] = matches;
        var destination = DestinationsOf(rule).FirstOrDefault(d => ArmOf(d, route) == wanted.Arm)?.DeepClone().AsObject() ?? NewDestination(route.Arms[wanted.Arm]);
        destination["weight"] = 1;
        rule[Destinations] = new JsonArray(destination);
        return rule;
    }

    private JsonObject Split(KubernetesRoute route, JsonObject split, RouteIntent intent)
    {
        var rule = split.DeepClone().AsObject();
        var destinations = new JsonArray();
        foreach (var (arm, to) in route.Arms)
        {
            var there = DestinationsOf(split).FirstOrDefault(d => ArmOf(d, route) == arm)?.DeepClone().AsObject();
            if (there is null && intent.WeightOf(arm) == 0)
                continue;
            there ??= NewDestination(to);
            there["weight"] = intent.WeightOf(arm);
            destinations.Add(there);
        }

        rule[Destinations] = destinations;
        return rule;
    }
}
