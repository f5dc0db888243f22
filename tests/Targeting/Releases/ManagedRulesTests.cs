using Delivery.Targeting.Flags;
using Delivery.Targeting.Releases;

namespace Delivery.Targeting.Tests.Releases;

public sealed class ManagedRulesTests
{
    private static readonly Release First = new("first", "v1", "targetingKey", null, 1_000_000);
    private static readonly Release Second = new("second", "v2", "targetingKey", null, 50_000);

    [Fact]
    public void a_new_release_comes_before_one_that_already_went_to_everyone() =>
        new[] { First }.With(Second).Select(r => r.Rollout).ShouldBe(["second", "first"]);

    [Fact]
    public void a_stage_of_a_release_that_is_there_keeps_its_place() =>
        new[] { Second, First }.With(First with { ExposurePpm = 500_000 }).ShouldBe([Second, First with { ExposurePpm = 500_000 }]);
}
