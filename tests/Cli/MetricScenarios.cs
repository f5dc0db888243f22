namespace Delivery.Cli.Tests;

public sealed class MetricScenarios(CommandLine cli) : IClassFixture<CommandLine>
{
    [Fact]
    public async Task the_catalogue_a_metric_over_time_and_a_scorecard_are_shown()
    {
        await cli.Recorded("cli-measured", "ann");

        (await cli.Type("metrics", "list")).Well().Out.ShouldContain("request-latency-p95");
        var shown = (await cli.Type("metrics", "get", "request-errors")).Well().Out;
        shown.ShouldContain("failures of requests");
        shown.ShouldContain("system");
        (await cli.Type("metrics", "get", "no-such-metric")).Status.ShouldBe(4);
        (await cli.Type("metrics", "series", "request-errors", "--flag", "cli-measured")).Well().Out.ShouldContain("Nothing was measured");
        (await cli.Type("metrics", "series", "request-errors", "-o", "json")).Well().Json.GetProperty("stepSeconds").GetDouble().ShouldBe(1_800);
        (await cli.Type("metrics", "series", "request-errors", "--step", "soon")).Status.ShouldBe(2);
        (await cli.Type("metrics", "scorecard", "cli-measured", "-o", "json")).Well().Json.GetProperty("baseline").GetString().ShouldBe("off");
        (await cli.Type("metrics", "scorecard", "cli-measured", "--baseline", "off", "--metric", "requests-per-unit")).Well().Out.ShouldContain("Nobody met this flag");
    }
}
