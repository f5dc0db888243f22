using Delivery.Evaluation;
using Delivery.Targeting.Live;

namespace Delivery.Targeting.Tests.Live;

public sealed class LiveEnvironmentLaws
{
    [Fact]
    public void an_older_state_of_a_flag_never_replaces_a_newer_one()
    {
        var environment = new LiveEnvironment("production");
        environment.Apply(Flag("x", sequence: 12, killed: true));
        environment.Apply(Flag("x", sequence: 11, killed: false));

        environment.State.Snapshot.Definition("x")!.Killed.ShouldBeTrue();
        environment.State.Sequence.ShouldBe(12);
    }

    [Fact]
    public void changes_that_arrive_the_other_way_round_are_both_there_and_nobody_is_told_to_be_up_to_date()
    {
        var environment = new LiveEnvironment("production");
        environment.Apply(Flag("b", sequence: 12, killed: false));
        environment.Apply(Flag("a", sequence: 11, killed: false));

        environment.State.Snapshot.FlagKeys.ShouldBe(["b", "a"]);
        environment.State.Sequence.ShouldBe(12);
        environment.State.IsKnownBy(12).ShouldBeFalse();
        environment.Apply(Flag("c", sequence: 13, killed: false));
        environment.State.IsKnownBy(13).ShouldBeTrue();
    }

    [Fact]
    public void a_reader_that_falls_behind_is_told_so_and_the_queue_stays_bounded()
    {
        var environment = new LiveEnvironment("production");
        var (subscription, _, _) = environment.Subscribe();
        for (var sequence = 1; sequence <= 1_000; sequence++)
            environment.Apply(Flag("x", sequence, killed: false));

        subscription.Frames.Count.ShouldBeLessThan(100);
        subscription.TakeBehind().ShouldBeTrue();
        subscription.TakeBehind().ShouldBeFalse();
    }

    [Fact]
    public void an_archived_flag_leaves_the_ruleset()
    {
        var environment = new LiveEnvironment("production");
        environment.Apply(Flag("x", sequence: 1, killed: false));
        environment.Apply(Flag("x", sequence: 2, killed: false) with { Archived = true });

        environment.State.Snapshot.FlagKeys.ShouldBeEmpty();
        environment.State.Sequence.ShouldBe(2);
    }

    private static FlagDefinition Flag(string key, long sequence, bool killed) => new()
    {
        Key = key,
        OffVariant = "off",
        Enabled = true,
        Killed = killed,
        Sequence = sequence,
        Variants = [new Variant { Key = "off", Value = System.Text.Json.JsonSerializer.SerializeToElement(false) }],
    };
}
