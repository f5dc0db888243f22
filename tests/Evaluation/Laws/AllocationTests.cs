namespace Delivery.Evaluation.Tests.Laws;

public sealed class AllocationTests
{
    [Theory]
    [InlineData("static")]
    [InlineData("killed")]
    [InlineData("in")]
    [InlineData("number")]
    [InlineData("version")]
    [InlineData("network")]
    [InlineData("moment")]
    [InlineData("array")]
    [InlineData("not")]
    [InlineData("split")]
    [InlineData("text-split")]
    [InlineData("number-unit")]
    [InlineData("segment")]
    [InlineData("target")]
    [InlineData("layer")]
    [InlineData("regex")]
    [InlineData("growthbook-split")]
    [InlineData("murmur-split")]
    [InlineData("unknown")]
    public void evaluating_allocates_nothing(string flag)
    {
        var snapshot = NewSnapshot();
        var context = EvaluationContext.For("user-4711")
            .With("country", "DE").With("age", 42).With("version", "2.10.1-beta.2").With("ip", "10.1.2.3")
            .With("accountId", 123456789L).With("born", "1980-01-02T03:04:05Z").With("tags", ["a", "b"])
            .Build();
        var served = 0;
        for (var i = 0; i < 2_000; i++)
            served += Evaluate(snapshot, flag, context);

        // What an evaluation allocates, it allocates in every pass; what a recompiled method's first run does, in one.
        var allocated = long.MaxValue;
        for (var pass = 0; pass < 5 && allocated > 0; pass++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100_000; i++)
                served += Evaluate(snapshot, flag, context);
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        allocated.ShouldBe(0);
        served.ShouldBeGreaterThan(0);
    }

    private static int Evaluate(Snapshot snapshot, string flag, EvaluationContext context)
    {
        var result = snapshot.Evaluate(flag, context);
        return (result.AsBoolean(true) ? 1 : 2) + result.AsString("x").Length + (result.Why.Bucket is null ? 0 : 1);
    }

    private static Snapshot NewSnapshot()
    {
        var halves = new[] { new VariantWeight("on", 1), new VariantWeight("off", 1) };
        Rule Imported(string algorithm, int total) => Build.Rule("s", new Serve.Split(new Split { Salt = "s", Algorithm = algorithm, Weights = halves, TotalWeight = total }));
        return Snapshot.Compile(new Ruleset
        {
            Segments = [new Segment { Key = "s", Included = [.. Enumerable.Range(0, 10_000).Select(i => $"user-{i}")] }],
            Layers = [new Layer { Key = "l", Slots = [new LayerSlot { Flag = "layer", Start = 0, End = 10_000 }] }],
            Flags =
            [
                Build.Flag("static"),
                Build.Flag("killed") with { Killed = true },
                Asks("in", Build.Is("country", ConditionOperator.In, "FR", "DE")),
                Asks("number", Build.Is("age", ConditionOperator.GreaterThan, 18)),
                Asks("version", Build.Is("version", ConditionOperator.SemVerLessThan, "2.10.1")),
                Asks("network", Build.Is("ip", ConditionOperator.IpInNetwork, "10.0.0.0/8", "2001:db8::/32")),
                Asks("moment", Build.Is("born", ConditionOperator.Before, "2000-01-01")),
                Asks("array", Build.Is("tags", ConditionOperator.ArrayContainsAny, "b")),
                Asks("not", new Condition.Not(Build.Is("missing", ConditionOperator.Exists))),
                Build.Flag("split", Build.Split("s", 500_000, "salt", halves), Build.Split("t", 999_999, "other", halves)),
                Build.TextFlag("text-split", ["on", "off"], Build.Split("s", 1_000_000, "salt", halves)),
                Build.Flag("number-unit", Build.Rule("s", new Serve.Split(new Split { UnitAttribute = "accountId", Salt = "s", Weights = halves }))),
                Build.Flag("segment", Build.Rule("r", "on", new Condition.InSegment("s"))),
                Build.Flag("target") with { Targets = [new IndividualTarget { Variant = "on", Units = ["user-1", "user-4711"] }] },
                Build.Flag("layer", Build.Rule("r", "on")),
                Build.Flag("regex", Build.Rule("r", "on", Build.Is("country", ConditionOperator.Matches, "^[A-Z]{2}$"))),
                Build.Flag("growthbook-split", Imported(BucketingAlgorithm.GrowthBookV2, 10_000)),
                Build.Flag("murmur-split", Imported(BucketingAlgorithm.Unleash, 100)),
            ],
        });
    }

    private static FlagDefinition Asks(string key, Condition condition) => Build.Flag(key, Build.Rule("r", "on", condition));
}
