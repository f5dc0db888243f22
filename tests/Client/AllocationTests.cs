using Delivery.Evaluation;
using static Delivery.Client.Tests.Scenario;

namespace Delivery.Client.Tests;

public sealed class AllocationTests
{
    private const int Rounds = 20_000;

    [Fact]
    public async Task evaluating_boolean_and_string_flags_and_recording_the_exposure_allocates_nothing()
    {
        var split = new Serve.Split(new Split(500_000) { Salt = "s", Weights = [new VariantWeight("on", 1), new VariantWeight("off", 1)] });
        var condition = new Condition.Attribute { Name = "country", Operator = ConditionOperator.In, Values = [Json("\"DE\""), Json("\"FR\"")] };
        Rule[] rules = [new Rule { Id = "half", Condition = condition, Serve = split }];
        await using var scenario = new Scenario(options => options.ExposureQueueCapacity = 131_072);
        await scenario.StartAsync(Ruleset(
            1, Boolean() with { Rules = rules }, Flag("banner", FlagType.String, "\"blue\"", "\"grey\"") with { Rules = rules }));
        var contexts = Enumerable.Range(0, 64).Select(i => EvaluationContext.For($"user-{i}").With("country", "DE").Build()).ToArray();
        Evaluate(scenario.Client, contexts);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Evaluate(scenario.Client, contexts);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        allocated.ShouldBe(0);
        scenario.Client.Losses.Total.ShouldBe(0);
        await scenario.Client.FlushAsync(TestContext.Current.CancellationToken);
        scenario.Server.Reports.Sum(report => report.Elements.Count).ShouldBe(4 * Rounds);
    }

    private static void Evaluate(DeliveryClient client, EvaluationContext[] contexts)
    {
        for (var i = 0; i < Rounds; i++)
        {
            client.EvaluateBoolean("new-checkout", contexts[i & 63], false);
            client.EvaluateString("banner", contexts[i & 63], "none");
        }
    }
}
