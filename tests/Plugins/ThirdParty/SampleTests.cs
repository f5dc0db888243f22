using Delivery.Plugins.Measuring;
using Delivery.Plugins.Tests.Hosting;

namespace Delivery.Plugins.Tests.ThirdParty;

/// <summary>The sample of a third party, published as its README says and loaded from its publish folder.</summary>
public sealed class SampleTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_plugin_from_outside_the_solution_is_loaded_from_its_publish_folder_and_measures()
    {
        using var folder = new PluginFolder();
        var log = Path.Combine(folder.Work, "access.jsonl");
        await File.WriteAllLinesAsync(log, Lines("stable", 100, failed: 3, "0.1").Concat(Lines("canary", 40, failed: 20, "0.4")), Token);
        await File.AppendAllTextAsync(log, """{"time":"2026-01-02T12:00:""", Token);
        await DotnetTool.RunAsync(
            Path.Combine(DotnetTool.Repository, "samples", "ThirdPartyPlugin"),
            "publish", "-o", Path.Combine(folder.Root, "access-log"), $"-p:DeliveryContract={DotnetTool.Contract}", $"-p:BaseIntermediateOutputPath={folder.Work}/obj/", $"-p:BaseOutputPath={folder.Work}/bin/", "-nodeReuse:false");

        await using var hosted = await Hosted.StartAsync(folder, ("Instances:log:Plugin", "access-log"), ("Instances:log:Options:File", log));
        hosted.Plugins.Installed.Single().Version.ShouldBe("2.3.1");
        var source = hosted.Plugins.Source("log")!;
        var query = new MetricQuery("requests", "shop", ["stable", "canary"], Noon, Noon.AddMinutes(1));
        (await source.QueryAsync(query, Token)).ShouldBeOfType<MetricAnswer.Ok>().Reading.Arms.Select(a => a.Statistics)
            .ShouldBe([new ArmStatistics.Counts(100, 3), new ArmStatistics.Counts(40, 20)]);
        (await source.QueryAsync(query with { Metric = "duration" }, Token)).ShouldBeOfType<MetricAnswer.Ok>().Reading.Arms[1].Statistics
            .ShouldBe(new ArmStatistics.Moments(40, 40 * 400_000, (Int128)40 * 400_000 * 400_000));
        (await source.QueryAsync(query with { Arms = ["stable", "green"] }, Token)).ShouldBeOfType<MetricAnswer.Partial>();
        (await source.QueryAsync(query with { From = Noon.AddHours(1), To = Noon.AddHours(2) }, Token)).ShouldBeOfType<MetricAnswer.NoData>();
        File.Delete(log);
        (await source.QueryAsync(query, Token)).ShouldBeOfType<MetricAnswer.Error>().Reason.Kind.ShouldBe(PluginErrorKind.Unavailable);
    }

    private static IEnumerable<string> Lines(string deployment, int count, int failed, string seconds) => Enumerable.Range(0, count)
        .Select(i => $$"""{"time":"{{Noon.AddSeconds(i % 60):O}}","deployment":"{{deployment}}","status":{{(i < failed ? 500 : 200)}},"seconds":{{seconds}}}""");
}
