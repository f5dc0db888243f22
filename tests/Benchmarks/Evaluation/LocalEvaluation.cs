using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Delivery.Evaluation;

namespace Delivery.Benchmarks.Evaluation;

/// <summary>
/// One evaluation in memory, against the bare hash of the same key. The ratio to <see cref="BareHash"/> is what counts: it
/// holds on any machine. Run: <c>dotnet run -c Release --project tests/Benchmarks -- --filter '*LocalEvaluation*'</c>.
/// </summary>
[MemoryDiagnoser]
public class LocalEvaluation
{
    private const int FlagCount = 5_000;
    private readonly EvaluationContext _context = EvaluationContext.For("user-4711").With("country", "DE").With("age", 42).Build();
    private readonly EvaluationContext _member = EvaluationContext.For("unit-777777").Build();
    private Snapshot _snapshot = Snapshot.Empty;
    private FlagHandle _static;
    private FlagHandle _ruleAndSplit;

    [GlobalSetup]
    public void Compile()
    {
        var split = new Serve.Split(new Split { Salt = "salt", Weights = [new VariantWeight("on", 1), new VariantWeight("off", 1)] });
        var germany = new Condition.Attribute { Name = "country", Operator = ConditionOperator.In, Values = [Json("DE"), Json("AT")] };
        _snapshot = Snapshot.Compile(new Ruleset
        {
            Segments = [new Segment { Key = "million", Included = [.. Enumerable.Range(0, 1_000_000).Select(i => $"unit-{i}")] }],
            Flags =
            [
                Flag("static"),
                Flag("attribute", Rule("r", new Serve.Variant("on"), germany)),
                Flag("split", Rule("r", split)),
                Flag("rule-and-split", Rule("r", split, germany)),
                Flag("ramp", Rule("r", new Serve.Split(split.Assignment with { ExposurePartsPerMillion = 999_999 }), germany)),
                Flag("segment", Rule("r", new Serve.Variant("on"), new Condition.InSegment("million"))),
                .. Enumerable.Range(0, FlagCount).Select(i => Flag($"flag-{i}")),
            ],
        });
        _static = _snapshot.Find("static");
        _ruleAndSplit = _snapshot.Find("rule-and-split");
    }

    [Benchmark(Baseline = true)]
    public ulong BareHash()
    {
        Span<byte> buffer = stackalloc byte[64];
        "salt\0"u8.CopyTo(buffer);
        var length = 5 + Encoding.UTF8.GetBytes(_context.TargetingKey!, buffer[5..]);
        return XxHash3.HashToUInt64(buffer[..length]);
    }

    [Benchmark]
    public bool StaticFlagByHandle() => _static.Evaluate(_context).AsBoolean(false);

    [Benchmark]
    public bool StaticFlagByKey() => _snapshot.Evaluate("static", _context).AsBoolean(false);

    [Benchmark]
    public bool AttributeRule() => _snapshot.Evaluate("attribute", _context).AsBoolean(false);

    [Benchmark]
    public bool SplitOnly() => _snapshot.Evaluate("split", _context).AsBoolean(false);

    [Benchmark]
    public bool RuleAndSplit() => _snapshot.Evaluate("rule-and-split", _context).AsBoolean(false);

    [Benchmark]
    public bool RuleAndSplitByHandle() => _ruleAndSplit.Evaluate(_context).AsBoolean(false);

    [Benchmark]
    public bool RuleAndRamp() => _snapshot.Evaluate("ramp", _context).AsBoolean(false);

    [Benchmark]
    public bool SegmentOfAMillion() => _snapshot.Evaluate("segment", _member).AsBoolean(false);

    internal static FlagDefinition Flag(string key, params Rule[] rules) => new()
    {
        Key = key,
        Type = FlagType.Boolean,
        Enabled = true,
        Variants = [new Variant { Key = "on", Value = Json(true) }, new Variant { Key = "off", Value = Json(false) }],
        OffVariant = "off",
        Default = new Serve.Variant("on"),
        Rules = rules,
    };

    internal static Rule Rule(string id, Serve serve, Condition? condition = null) => new() { Id = id, Serve = serve, Condition = condition };

    internal static JsonElement Json(object value) => JsonSerializer.SerializeToElement(value);
}
