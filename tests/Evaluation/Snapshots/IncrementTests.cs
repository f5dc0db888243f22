namespace Delivery.Evaluation.Tests.Snapshots;

/// <summary>A snapshot that followed changes one by one answers as one that is compiled from where they led.</summary>
public sealed class IncrementTests
{
    private static readonly string[] Flags = ["constant", "ruled", "split"];

    [Fact]
    public void layers_and_holdouts_that_come_and_go_leave_what_a_whole_compile_gives()
    {
        var random = new Random(7);
        var snapshot = Build.Snapshot(
            Build.Flag("constant"),
            Build.Flag("ruled", Build.Rule("r", "on", Build.Is("country", ConditionOperator.In, "DE"))),
            Build.Flag("split", Build.Split("s", 1_000_000, "salt", new VariantWeight("on", 1), new VariantWeight("off", 1))));
        var held = 0;
        for (var change = 0; change < 500; change++)
        {
            snapshot = Changed(snapshot, random, 43 + change);
            var whole = Snapshot.Compile(snapshot.ToRuleset());
            foreach (var flag in Flags)
            {
                whole.AttributesReadBy(flag).ShouldBe(snapshot.AttributesReadBy(flag));
                for (var unit = 0; unit < 20; unit++)
                {
                    var context = EvaluationContext.For($"u{unit}").With("country", "DE").With("device", $"d{unit % 7}").Build();
                    var (followed, compiled) = (snapshot.Evaluate(flag, context), whole.Evaluate(flag, context));
                    (followed.VariantKey, followed.Reason, followed.Why).ShouldBe((compiled.VariantKey, compiled.Reason, compiled.Why));
                    held += followed.Why.Kind == WhyKind.Holdout || followed.Why.FallThrough == FallThrough.OutsideLayerSlot ? 1 : 0;
                }
            }
        }

        held.ShouldBeGreaterThan(1_000);
    }

    private static Snapshot Changed(Snapshot snapshot, Random random, long sequence)
    {
        var key = $"k{random.Next(2)}";
        var flag = Flags[random.Next(Flags.Length)];
        var unit = random.Next(2) == 0 ? "device" : new Layer { Key = key }.UnitAttribute;
        return random.Next(4) switch
        {
            0 => snapshot.With(new Layer { Key = key, UnitAttribute = unit, TotalWeight = 4, Slots = [new LayerSlot { Flag = flag, Start = 0, End = random.Next(1, 4) }] }, sequence),
            1 => snapshot.WithoutLayer(key, sequence),
            2 => snapshot.With(new Holdout { Key = key, HeldOutPartsPerMillion = 300_000, Flags = [flag] }, sequence),
            _ => snapshot.WithoutHoldout(key, sequence),
        };
    }
}
