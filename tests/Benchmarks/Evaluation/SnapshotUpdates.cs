using BenchmarkDotNet.Attributes;
using Delivery.Evaluation;

namespace Delivery.Benchmarks.Evaluation;

/// <summary>A configuration of 5,000 flags and 20,000 rules: compiled whole (goal: below 1 s), changed by one flag (below 5 ms).</summary>
[MemoryDiagnoser]
public class SnapshotUpdates
{
    private Ruleset _ruleset = new();
    private Snapshot _snapshot = Snapshot.Empty;
    private FlagDefinition _changed = LocalEvaluation.Flag("flag-77");
    private readonly FlagDefinition _added = LocalEvaluation.Flag("added");
    private byte[] _json = [];

    [GlobalSetup]
    public void Compile()
    {
        var split = new Serve.Split(new Split(50_000) { Salt = "salt", Weights = [new VariantWeight("on", 1), new VariantWeight("off", 1)] });
        Rule[] rules =
        [
            LocalEvaluation.Rule("a", new Serve.Variant("on"), new Condition.Attribute { Name = "country", Operator = ConditionOperator.In, Values = [LocalEvaluation.Json("DE"), LocalEvaluation.Json("AT")] }),
            LocalEvaluation.Rule("b", split, new Condition.Attribute { Name = "version", Operator = ConditionOperator.SemVerGreaterThan, Values = [LocalEvaluation.Json("2.1.0")] }),
            LocalEvaluation.Rule("c", new Serve.Variant("off"), new Condition.Not(new Condition.InSegment("staff"))),
            LocalEvaluation.Rule("d", split),
        ];
        _ruleset = new Ruleset { Flags = [.. Enumerable.Range(0, 5_000).Select(i => LocalEvaluation.Flag($"flag-{i}", rules))] };
        _snapshot = Snapshot.Compile(_ruleset);
        _changed = LocalEvaluation.Flag("flag-77", rules);
        _json = RulesetJson.Write(_ruleset);
    }

    [Benchmark]
    public Snapshot CompileAll() => Snapshot.Compile(_ruleset);

    [Benchmark]
    public Snapshot ReadAndCompileAll() => Snapshot.Compile(RulesetJson.Read(_json));

    [Benchmark]
    public Snapshot ChangeOneFlag() => _snapshot.With(_changed);

    [Benchmark]
    public Snapshot AddOneFlag() => _snapshot.With(_added);
}
