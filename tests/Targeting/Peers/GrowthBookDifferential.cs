using Delivery.Testing.Node;

namespace Delivery.Targeting.Tests.Peers;

/// <summary>10,000 random features, each with attributes, through our import and engine and through npm <c>@growthbook/growthbook</c>.</summary>
public sealed class GrowthBookDifferential
{
    private const int Payloads = 1_000;
    private const int FeaturesPerPayload = 10;
    private const int FirstSeed = 20_261_127;

    [Fact]
    public async Task random_features_give_the_value_and_the_rule_that_growthbook_gives()
    {
        await using var growthbook = await NodeScript.StartOrSkipAsync("growthbook.mjs");
        var asked = Enumerable.Range(FirstSeed, Payloads)
            .SelectMany(seed => GrowthBookQuestion.Ask(seed, FeaturesPerPayload).Select(asked => (Seed: seed, asked.Question, asked.Ours)))
            .ToList();

        var answers = await growthbook.AskAllAsync([.. asked.Select(one => one.Question)], TestContext.Current.CancellationToken);

        var differences = new List<string>();
        var sources = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var ((seed, question, ours), answer) in asked.Zip(answers))
        {
            var theirs = GrowthBookQuestion.Theirs(answer);
            var source = answer.Text("source")!;
            sources[source] = sources.GetValueOrDefault(source) + 1;
            if (!GrowthBookQuestion.AreSame(ours, theirs))
                differences.Add($"seed {seed} {question.Key}: ours {ours}, GrowthBook {theirs}; {question.Payload.GetProperty("features").GetProperty(question.Key)} for {question.Attributes}");
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{asked.Count} compared; {string.Join(", ", sources.Select(source => $"{source.Key} {source.Value}"))}");
        differences.ShouldBeEmpty();
        asked.Count.ShouldBe(Payloads * FeaturesPerPayload);
        sources.Where(source => source.Value > 200).Select(source => source.Key).ShouldBe(["defaultValue", "force", "experiment", "prerequisite"], ignoreOrder: true);
    }
}
