using CsCheck;

namespace Delivery.Evaluation.Tests.Snapshots;

public sealed class UnitListTests
{
    private const int Million = 1_000_000;
    private static readonly Gen<string> Units = Gen.Int[0, 60].Select(number => $"u{number}");

    [Fact]
    public void whatever_is_added_and_removed_it_holds_what_a_set_holds() =>
        Gen.Select(Units.Array[0, 40], Gen.Select(Gen.Bool, Units.Array[0, 20]).Array[0, 12]).Sample(
            (first, changes) =>
            {
                var list = UnitList.Of(first);
                var model = first.ToHashSet(StringComparer.Ordinal);
                foreach (var (isAdded, units) in changes)
                {
                    list = isAdded ? list.With(units) : list.Without(units);
                    if (isAdded)
                        model.UnionWith(units);
                    else
                        model.ExceptWith(units);
                }

                return list.Count == model.Count && model.SetEquals(list)
                    && Enumerable.Range(0, 61).All(number => list.Contains($"u{number}") == model.Contains($"u{number}"));
            },
            iter: 10_000);

    [Fact]
    public void a_list_grown_in_portions_is_the_list_written_at_once()
    {
        var all = Enumerable.Range(0, 100_000).Select(i => $"user-{i}").ToArray();

        var grown = all.Chunk(3_000).Aggregate(UnitList.Empty, (list, units) => list.With(units));
        var shrunk = all.Where((_, i) => i % 3 == 0).Chunk(3_000).Aggregate(grown, (list, units) => list.Without(units));

        grown.Count.ShouldBe(all.Length);
        grown.Order(StringComparer.Ordinal).ShouldBe(all.Order(StringComparer.Ordinal));
        shrunk.ShouldBe(all.Where((_, i) => i % 3 != 0), ignoreOrder: true);
    }

    [Fact]
    public void a_million_ids_compile_within_100_bytes_each_and_are_asked_without_an_allocation()
    {
        var ids = Enumerable.Range(0, Million).Select(i => $"customer-{i:d8}").ToArray();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var snapshot = Snapshot.Compile(new Ruleset
        {
            Flags = [Build.Flag("f", Build.Rule("r", "on", new Condition.InSegment("s")))],
            Segments = [new Segment { Key = "s", Included = ids }],
        });
        (GC.GetTotalMemory(forceFullCollection: true) - before).ShouldBeLessThan(100L * Million);

        // What an environment shares with another, and with the next version, is not built again.
        var other = Snapshot.Empty.With(snapshot.Segment("s")!, 1);
        other.Segment("s")!.Included.ShouldBeSameAs(snapshot.Segment("s")!.Included);

        var member = new EvaluationContext("customer-00765432");
        var stranger = new EvaluationContext("customer-99999999");
        snapshot.Evaluate("f", member).AsBoolean(false).ShouldBeTrue();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var served = 0;
        for (var i = 0; i < 10_000; i++)
            served += (snapshot.Evaluate("f", member).AsBoolean(false) ? 1 : 0) + (snapshot.Evaluate("f", stranger).AsBoolean(false) ? 1 : 0);
        (GC.GetAllocatedBytesForCurrentThread() - allocated).ShouldBe(0);
        served.ShouldBe(10_000);
        GC.KeepAlive(ids);
    }

    [Fact]
    public void a_small_change_of_a_million_ids_builds_no_million_again()
    {
        var list = UnitList.Of([.. Enumerable.Range(0, Million).Select(i => $"customer-{i:d8}")]);

        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var changed = list.With(["new-1", "new-2"]).Without(["customer-00000007"]);

        (GC.GetAllocatedBytesForCurrentThread() - allocated).ShouldBeLessThan(20_000);
        changed.Count.ShouldBe(Million + 1);
        changed.Contains("new-1").ShouldBeTrue();
        changed.Contains("customer-00000007").ShouldBeFalse();
        changed.Contains("customer-00000008").ShouldBeTrue();
    }
}
