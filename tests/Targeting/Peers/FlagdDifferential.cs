using System.Text.Json;
using Delivery.Testing.Node;

namespace Delivery.Targeting.Tests.Peers;

/// <summary>
/// 10,000 random definitions, each with a context, through our import and engine and through npm <c>@openfeature/flagd-core</c>.
/// flagd-core has two modes, compiled (its default) and interpreted, which themselves differ on some badly typed
/// expressions: there, and only there, agreeing with one of the two is enough.
/// </summary>
public sealed class FlagdDifferential
{
    private const int Documents = 1_000;
    private const int FlagsPerDocument = 10;
    private const int FirstSeed = 20_261_127;

    [Fact]
    public async Task random_definitions_give_the_value_variant_and_reason_that_flagd_gives()
    {
        await using var flagd = await NodeScript.StartOrSkipAsync("flagd.mjs");
        var asked = Enumerable.Range(FirstSeed, Documents)
            .SelectMany(seed => FlagdQuestion.Ask(seed, FlagsPerDocument).Select(asked => (Seed: seed, asked.Question, asked.Ours)))
            .ToList();

        var answers = await flagd.AskAllAsync([.. asked.Select(one => one.Question)], TestContext.Current.CancellationToken);

        var differences = new List<string>();
        var modesDiffer = 0;
        var reasons = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var ((seed, question, ours), answer) in asked.Zip(answers))
        {
            var compiled = FlagdQuestion.Theirs(answer.GetProperty("compiled"));
            var interpreted = FlagdQuestion.Theirs(answer.GetProperty("interpreted"));
            modesDiffer += compiled == interpreted ? 0 : 1;
            reasons[ours.Split(' ')[0]] = reasons.GetValueOrDefault(ours.Split(' ')[0]) + 1;
            if (ours != compiled && ours != interpreted)
                differences.Add($"seed {seed} {question.Key}: ours {ours}, flagd {compiled}; {Targeting(question)} for {question.Context}");
        }

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{asked.Count} compared, {modesDiffer} where flagd-core's modes differ; {string.Join(", ", reasons.Select(reason => $"{reason.Key} {reason.Value}"))}");
        differences.ShouldBeEmpty();
        asked.Count.ShouldBe(Documents * FlagsPerDocument);
        modesDiffer.ShouldBeLessThan(asked.Count / 50);
        reasons.Where(reason => reason.Value > 200).Select(reason => reason.Key).ShouldBe(["STATIC", "TARGETING_MATCH", "DEFAULT", "DISABLED", "ERROR"], ignoreOrder: true);
    }

    private static string Targeting(FlagdQuestion question) =>
        JsonElement.Parse(question.Document!).GetProperty("flags").GetProperty(question.Key).TryGetProperty("targeting", out var targeting) ? targeting.GetRawText() : "no targeting";
}
