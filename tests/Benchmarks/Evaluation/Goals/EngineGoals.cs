using System.Globalization;
using Delivery.Testing.Node;

namespace Delivery.Benchmarks.Evaluation.Goals;

/// <summary>
/// The engine beside its peers in one run, and which of its goals hold. Half a minute; the ratios hold on any machine.
/// Run: <c>dotnet run -c Release --project tests/Benchmarks -- engine</c>.
/// </summary>
internal static class EngineGoals
{
    public const string Name = "engine";
    private const string Missing = "-";

    private static readonly (string Case, string Ours, string? FeatureManagement, string? Script)[] Rows =
    [
        ("static flag", OurCases.Static, FeatureManagementCases.Simple, "static"),
        ("attribute rule", OurCases.Attribute, null, "attribute"),
        ("rule + split", OurCases.RuleAndSplit, null, "rule-and-split"),
        ("rule + split + exposure", OurCases.RuleAndRamp, null, null),
        ("list of 1,000,000 ids", OurCases.Segment, null, "segment"),
        ("targeting: ids, ring, half", OurCases.Targeting, FeatureManagementCases.Targeting, null),
        ("variant by percentile", OurCases.Variant, FeatureManagementCases.Variant, null),
    ];

    public static async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var costs = Rounds.Measure([.. OurCases.All(), .. FeatureManagementCases.All()]);
        var (scripts, whyNot) = await ScriptsAsync(cancellationToken);
        var hash = costs[OurCases.BareHash].Nanoseconds;
        Say($"{"ns an evaluation",-28}{"Delivery",10}{"/ hash",8}{"bytes",7}{"FeatureMgmt",13}{"times",8}{"GrowthBook",12}{"times",8}{"flagd-core",12}{"times",8}");
        Say($"{"bare hash of the key",-28}{hash,10:F1}{1,8:F2}");
        Say($"{"static flag, by handle",-28}{costs[OurCases.StaticByHandle].Nanoseconds,10:F1}{costs[OurCases.StaticByHandle].Nanoseconds / hash,8:F2}");
        foreach (var (label, ours, peer, script) in Rows)
        {
            var own = costs[ours];
            Say($"{label,-28}{own.Nanoseconds,10:F1}{own.Nanoseconds / hash,8:F2}{own.Bytes,7:F0}"
                + Peer(peer is null ? null : costs[peer].Nanoseconds, own, 13)
                + Peer(Of(scripts, "growthbook", script), own, 12) + Peer(Of(scripts, "flagd", script), own, 12));
        }

        if (whyNot is not null)
            Say($"GrowthBook and flagd-core were not run: {whyNot}");
        Say("Microsoft.FeatureManagement has no attribute rules, and binds a list from configuration in quadratic time: no million.");
        return Judge(costs, hash, scripts) ? 0 : 1;
    }

    private static bool Judge(IReadOnlyDictionary<string, Cost> costs, double hash, Dictionary<string, double> scripts)
    {
        double Times(string peer, string ours) => costs[peer].Nanoseconds / costs[ours].Nanoseconds;
        var split = costs[OurCases.RuleAndSplit].Nanoseconds;
        var fastest = scripts.Where(script => script.Key.EndsWith(":rule-and-split", StringComparison.Ordinal)).Select(script => script.Value).DefaultIfEmpty(0).Min();
        return new[]
        {
            Goal("rule + split: at most 3 times the bare hash", split / hash, most: 3),
            Goal("static flag: at most 10 ns", costs[OurCases.Static].Nanoseconds, most: 10),
            Goal("bytes allocated by any of them", Rows.Max(row => costs[row.Ours].Bytes), most: 0),
            Goal("targeting: at least 30 times as fast as Microsoft.FeatureManagement", Times(FeatureManagementCases.Targeting, OurCases.Targeting), least: 30),
            Goal("variant: at least 30 times as fast as Microsoft.FeatureManagement", Times(FeatureManagementCases.Variant, OurCases.Variant), least: 30),
            Goal("rule + split: at least 10 times as fast as the fastest JavaScript peer", fastest / split, least: 10),
        }.All(holds => holds);
    }

    private static bool Goal(string goal, double value, double most = double.MaxValue, double least = 0)
    {
        var holds = value <= most && value >= least;
        Say($"{(holds ? "holds" : "FAILS"),-7}{goal}: {value:F2}");
        return holds;
    }

    private static async Task<(Dictionary<string, double> Nanoseconds, string? WhyNot)> ScriptsAsync(CancellationToken cancellationToken)
    {
        var nanoseconds = new Dictionary<string, double>(StringComparer.Ordinal);
        if (await NodePackages.WhyMissingAsync() is { } whyNot)
            return (nanoseconds, whyNot);
        await using var script = NodeScript.Start("peers.mjs");
        foreach (var flag in Rows.Select(row => row.Script).OfType<string>())
        {
            foreach (var engine in new[] { "growthbook", "flagd" })
            {
                var answer = await script.AskAsync(new { @case = $"{engine}:{flag}", rounds = Rounds.Count }, cancellationToken);
                nanoseconds[$"{engine}:{flag}"] = Rounds.Quiet(answer.GetProperty("nanoseconds").EnumerateArray().Select(round => round.GetDouble()));
            }
        }

        return (nanoseconds, null);
    }

    private static double? Of(Dictionary<string, double> scripts, string engine, string? flag) =>
        scripts.TryGetValue($"{engine}:{flag}", out var nanoseconds) ? nanoseconds : null;

    private static string Peer(double? nanoseconds, Cost own, int width) => nanoseconds is { } known
        ? string.Create(CultureInfo.InvariantCulture, $"{known.ToString("F1", CultureInfo.InvariantCulture).PadLeft(width)}{known / own.Nanoseconds,8:F1}")
        : $"{Missing.PadLeft(width)}{Missing,8}";

    private static void Say(FormattableString line) => System.Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private static void Say(string line) => System.Console.WriteLine(line);
}
