using Delivery.Contracts.Rollouts;

namespace Delivery.Console.Tests.Parts;

/// <summary>Releases as the pages get them.</summary>
internal static class Given
{
    public static ReleaseView Release(RolloutStatus status = RolloutStatus.Running, int stage = 1, ReleaseHealthWord health = ReleaseHealthWord.Healthy) => new(
        "new-checkout", "new-checkout", "production", "on", "shop-team", status, "5 %", stage,
        [new StageView("dev team", 0, true, false), new StageView("5 %", 5, false, false), new StageView("100 %", 100, false, false)],
        5, "Stage '5 %': 6 of 25 s.", health, new ArmEvidence(86, 74, 86, 9, 9, 20, 43), new ArmEvidence(1_917, 1_668, 1_917, 2, 2, 22, 47),
        null, [], null, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, null, 4);
}
