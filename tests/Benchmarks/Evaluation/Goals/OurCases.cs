using System.IO.Hashing;
using System.Text;
using Delivery.Evaluation;

namespace Delivery.Benchmarks.Evaluation.Goals;

/// <summary>This engine's cases, and the bare hash of the split's key.</summary>
internal static class OurCases
{
    public const string BareHash = "bare hash";
    public const string Static = "static";
    public const string StaticByHandle = "static, by handle";
    public const string Attribute = "attribute";
    public const string RuleAndSplit = "rule-and-split";
    public const string RuleAndRamp = "rule, split and exposure";
    public const string Segment = "segment";
    public const string Targeting = "targeting";
    public const string Variant = "variant";

    private const int OtherFlags = 5_000;
    private static readonly EvaluationContext Person = EvaluationContext.For("user-4711").With("country", "DE").With("age", 42).Build();
    private static readonly EvaluationContext InRing = EvaluationContext.For("user-4711").With("groups", ["ring1"]).Build();
    private static readonly EvaluationContext Member = EvaluationContext.For("unit-777777").Build();

    public static IReadOnlyList<Timed> All()
    {
        var snapshot = Compile();
        var handle = snapshot.Find(Static);
        return
        [
            new(BareHash, Hash),
            new(Static, n => Evaluate(snapshot, Static, Person, n)),
            new(StaticByHandle, n => Evaluate(handle, Person, n)),
            new(Attribute, n => Evaluate(snapshot, Attribute, Person, n)),
            new(RuleAndSplit, n => Evaluate(snapshot, RuleAndSplit, Person, n)),
            new(RuleAndRamp, n => Evaluate(snapshot, RuleAndRamp, Person, n)),
            new(Segment, n => Evaluate(snapshot, Segment, Member, n)),
            new(Targeting, n => Evaluate(snapshot, Targeting, InRing, n)),
            new(Variant, n => Variants(snapshot, Variant, InRing, n)),
        ];
    }

    private static Snapshot Compile()
    {
        var halves = new Serve.Split(new Split { Salt = "salt", Weights = [new VariantWeight("on", 50), new VariantWeight("off", 50)] });
        var on = new Serve.Variant("on");
        var germany = new Condition.Attribute { Name = "country", Operator = ConditionOperator.In, Values = [LocalEvaluation.Json("DE"), LocalEvaluation.Json("AT")] };
        var ring = new Condition.Attribute { Name = "groups", Operator = ConditionOperator.ArrayContainsAny, Values = [LocalEvaluation.Json("ring1")] };
        return Snapshot.Compile(new Ruleset
        {
            Segments = [new Segment { Key = "million", Included = [.. Enumerable.Range(0, 1_000_000).Select(i => $"unit-{i}")] }],
            Flags =
            [
                LocalEvaluation.Flag(Static),
                LocalEvaluation.Flag(Attribute, LocalEvaluation.Rule("r", on, germany)),
                LocalEvaluation.Flag(RuleAndSplit, LocalEvaluation.Rule("r", halves, germany)),
                LocalEvaluation.Flag(RuleAndRamp, LocalEvaluation.Rule("r", new Serve.Split(halves.Assignment with { ExposurePartsPerMillion = 999_999 }), germany)),
                LocalEvaluation.Flag(Segment, LocalEvaluation.Rule("r", on, new Condition.InSegment("million"))),
                LocalEvaluation.Flag(Targeting, LocalEvaluation.Rule("ring", on, ring), LocalEvaluation.Rule("half", halves)) with
                {
                    Targets = [new IndividualTarget { Variant = "on", Units = ["nobody"] }],
                },
                LocalEvaluation.Flag(Variant, LocalEvaluation.Rule("half", halves)),
                .. Enumerable.Range(0, OtherFlags).Select(i => LocalEvaluation.Flag($"flag-{i}")),
            ],
        });
    }

    private static int Evaluate(Snapshot snapshot, string flag, EvaluationContext context, int count)
    {
        var on = 0;
        for (var i = 0; i < count; i++)
            on += snapshot.Evaluate(flag, context).AsBoolean(false) ? 1 : 0;
        return on;
    }

    private static int Evaluate(FlagHandle flag, EvaluationContext context, int count)
    {
        var on = 0;
        for (var i = 0; i < count; i++)
            on += flag.Evaluate(context).AsBoolean(false) ? 1 : 0;
        return on;
    }

    private static int Variants(Snapshot snapshot, string flag, EvaluationContext context, int count)
    {
        var letters = 0;
        for (var i = 0; i < count; i++)
            letters += snapshot.Evaluate(flag, context).VariantKey!.Length;
        return letters;
    }

    /// <summary>What any split with this hash must do at least: the text to bytes, and their hash.</summary>
    private static int Hash(int count)
    {
        var all = 0UL;
        for (var i = 0; i < count; i++)
            all ^= HashOne(Person.TargetingKey!);
        return (int)all;
    }

    private static ulong HashOne(string unit)
    {
        Span<byte> buffer = stackalloc byte[64];
        "salt\0"u8.CopyTo(buffer);
        var length = 5 + Encoding.UTF8.GetBytes(unit, buffer[5..]);
        return XxHash3.HashToUInt64(buffer[..length]);
    }
}
