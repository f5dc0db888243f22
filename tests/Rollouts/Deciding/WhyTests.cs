using Delivery.Contracts.Rollouts;

namespace Delivery.Rollouts.Tests.Deciding;

public sealed class WhyTests
{
    private static readonly GateEvidence Gate = new(25.4, 1_416, 0.1, 1_000, [], [], DateTimeOffset.UnixEpoch);

    [Fact]
    public void every_step_the_platform_takes_says_why_in_the_record()
    {
        Sentences.Why(new StageEntered("r", 1, "5 %", 50_000, Gate))
            .ShouldBe("The stage before held 25 s and 1,416 exposures; breaker e-value 0.1 of 1,000; '5 %' exposes 5 %.");
        Sentences.Why(new RolloutCompleted("r", Gate with { EValue = null })).ShouldBe("The last stage held 25 s and 1,416 exposures.");
        Sentences.Why(new ApprovalAsked("r", 0, "dev team", Gate)).ShouldNotBeNull().ShouldEndWith("a person has to approve that it goes on.");
        Sentences.Why(new RolloutHeld("r", "Blind: no exposures.", null, null, null)).ShouldBe("Blind: no exposures.");
        Sentences.Why(new RolloutAborted("r", AbortCause.Breaker, "breaker", "too many failed", null, [])).ShouldBe("too many failed");
    }
}
