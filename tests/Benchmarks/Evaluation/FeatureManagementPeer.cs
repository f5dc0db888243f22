using BenchmarkDotNet.Attributes;
using Delivery.Evaluation;
using Microsoft.Extensions.Configuration;
using Microsoft.FeatureManagement;
using Microsoft.FeatureManagement.FeatureFilters;
using PeerVariant = Microsoft.FeatureManagement.Variant;

namespace Delivery.Benchmarks.Evaluation;

/// <summary>
/// Microsoft.FeatureManagement and this engine with the same meaning in one run: an always-on flag, a targeted rollout by
/// unit and group, and a variant allocated by percentile.
/// </summary>
[MemoryDiagnoser]
public class FeatureManagementPeer
{
    internal const string Configuration = """
        {"feature_management":{"feature_flags":[
          {"id":"simple","enabled":true},
          {"id":"targeting","enabled":true,"conditions":{"client_filters":[{"name":"Microsoft.Targeting","parameters":
            {"Audience":{"Users":["nobody"],"Groups":[{"Name":"ring1","RolloutPercentage":100}],"DefaultRolloutPercentage":50}}}]}},
          {"id":"variant","enabled":true,"variants":[{"name":"on","configuration_value":true},{"name":"off","configuration_value":false}],
            "allocation":{"default_when_enabled":"off","percentile":[{"variant":"on","from":0,"to":50},{"variant":"off","from":50,"to":100}],"seed":"salt"}}]}}
        """;

    private readonly TargetingContext _audience = new() { UserId = "user-4711", Groups = ["ring1"] };
    private readonly EvaluationContext _context = EvaluationContext.For("user-4711").With("groups", ["ring1"]).Build();
    private FeatureManager? _peer;
    private Snapshot _snapshot = Snapshot.Empty;

    [GlobalSetup]
    public void Configure()
    {
        var configuration = new ConfigurationBuilder()
            .AddJsonStream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(Configuration)))
            .Build();
        _peer = new FeatureManager(new ConfigurationFeatureDefinitionProvider(configuration))
        {
            FeatureFilters = [new ContextualTargetingFilter()],
        };
        var halves = new Serve.Split(new Split { Salt = "salt", Weights = [new VariantWeight("on", 50), new VariantWeight("off", 50)] });
        var ring = new Condition.Attribute
        {
            Name = "groups",
            Operator = ConditionOperator.ArrayContainsAny,
            Values = [LocalEvaluation.Json("ring1")],
        };
        _snapshot = Snapshot.Compile(new Ruleset
        {
            Flags =
            [
                LocalEvaluation.Flag("simple"),
                LocalEvaluation.Flag("targeting", LocalEvaluation.Rule("ring", new Serve.Variant("on"), ring), LocalEvaluation.Rule("half", halves)) with
                {
                    Targets = [new IndividualTarget { Variant = "on", Units = ["nobody"] }],
                },
                LocalEvaluation.Flag("variant", LocalEvaluation.Rule("half", halves)),
            ],
        });
    }

    [Benchmark]
    public bool Simple() => _snapshot.Evaluate("simple", _context).AsBoolean(false);

    [Benchmark]
    public Task<bool> SimpleFeatureManagement() => _peer!.IsEnabledAsync("simple");

    [Benchmark]
    public bool Targeting() => _snapshot.Evaluate("targeting", _context).AsBoolean(false);

    [Benchmark]
    public Task<bool> TargetingFeatureManagement() => _peer!.IsEnabledAsync("targeting", _audience);

    [Benchmark]
    public string? Variant() => _snapshot.Evaluate("variant", _context).VariantKey;

    [Benchmark]
    public ValueTask<PeerVariant> VariantFeatureManagement() => _peer!.GetVariantAsync("variant", _audience);
}
