using System.Text.Json;

namespace Delivery.Cli.Tests;

public sealed class ReleaseScenarios(CommandLine cli) : IClassFixture<CommandLine>
{
    [Fact]
    public async Task a_rollout_is_planned_started_held_and_stopped()
    {
        (await cli.Type("flags", "create", "cli-release")).Well();
        (await cli.Type("rollouts", "plan", "cli-release-1", "--flag", "cli-release", "--variant", "on", "--start", "-m", "go")).Well().Out.ShouldContain("started");
        (await cli.Type("rollouts", "list", "--flag", "cli-release")).Well().Out.ShouldContain("running");
        (await cli.Type("rollouts", "pause", "cli-release-1")).Well();
        var shown = (await cli.Type("rollouts", "get", "cli-release-1")).Well().Out;
        shown.ShouldContain("paused");
        shown.ShouldContain("=>");
        (await cli.Type("rollouts", "resume", "cli-release-1")).Well();
        (await cli.Type("rollouts", "abort", "cli-release-1", "-m", "enough")).Well();
        (await cli.Type("rollouts", "get", "cli-release-1", "-o", "json")).Well().Json.GetProperty("status").GetString().ShouldBe("aborted");
        (await cli.Type("rollouts", "get", "cli-release-1", "--evidence")).Well().Json.ValueKind.ShouldBe(JsonValueKind.Object);
        (await cli.Type("rollouts", "start", "cli-release-1")).Status.ShouldBe(5);
        (await cli.Type("rollouts", "get", "no-such-rollout")).Status.ShouldBe(4);
    }

    [Fact]
    public async Task the_tail_shows_the_newest_events_oldest_first()
    {
        (await cli.Type("flags", "create", "cli-tail-1")).Well();
        (await cli.Type("flags", "create", "cli-tail-2")).Well();
        var lines = (await cli.Type("events", "tail", "--type", "flag-created", "-n", "2")).Well().Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBe(2);
        lines[0].ShouldContain("cli-tail-1");
        lines[1].ShouldContain("cli-tail-2");
        var json = (await cli.Type("events", "tail", "--type", "flag-created", "-n", "1", "-o", "json")).Well().Json;
        json.GetProperty("key").GetString().ShouldBe("cli-tail-2");
    }

    [Fact]
    public async Task a_followed_tail_shows_what_happens_next_until_it_is_stopped()
    {
        using var output = new Signalled();
        using var error = new StringWriter();
        using var input = new StringReader("");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        (await cli.Type("flags", "create", "cli-followed")).Well();
        var following = DeliveryCommand.RunAsync(
            ["events", "tail", "-f", "-n", "1", "--of", "cli-followed", "--type", "flag-killed"], cli.Terminal(output, error, input, Testing.DeliveryServer.AdminKey), stop.Token);
        (await cli.Type("flags", "kill", "cli-followed", "-m", "watch me")).Well();
        (await output.FirstLine.WaitAsync(TimeSpan.FromMinutes(2), stop.Token)).ShouldContain("watch me");
        await stop.CancelAsync();
        (await following).ShouldBe(130);
    }

    [Fact]
    public async Task an_export_is_imported_again_and_changes_nothing()
    {
        (await cli.Type("flags", "create", "cli-exported")).Well();
        var file = Path.Combine(cli.Folder, "export.json");
        (await cli.Type("export", "-f", file)).Well().Out.ShouldContain("flags in");
        (await cli.Type("import", "delivery", file)).Well().Out.ShouldContain("were there already");
    }

    [Fact]
    public async Task a_foreign_document_is_imported_with_a_report()
    {
        var document = """{ "features": { "cli-gb": { "defaultValue": false, "rules": [ { "condition": { "country": "DE" }, "force": true } ] } } }""";
        (await cli.TypeAs(Testing.DeliveryServer.AdminKey, document, "import", "growthbook", "-", "--dry-run")).Well().Out.ShouldContain("1 flag would be imported");
        (await cli.Type("flags", "get", "cli-gb")).Status.ShouldBe(4);
        var report = JsonElement.Parse((await cli.TypeAs(Testing.DeliveryServer.AdminKey, document, "import", "growthbook", "-", "--dry-run", "-o", "json")).Well().Out);
        report.GetProperty("imported")[0].GetString().ShouldBe("cli-gb");
        report.GetProperty("unsupported").GetArrayLength().ShouldBe(0);
        (await cli.TypeAs(Testing.DeliveryServer.AdminKey, document, "import", "growthbook", "-", "-o", "quiet")).Well().Out.Trim().ShouldBe("cli-gb");
        (await cli.Type("evaluate", "cli-gb", "-u", "x", "-a", "country=DE", "-o", "json")).Well().Json.GetProperty("value").GetBoolean().ShouldBeTrue();
    }

    /// <summary>Tells when a whole line has been written.</summary>
    private sealed class Signalled : StringWriter
    {
        private readonly TaskCompletionSource<string> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> FirstLine => _first.Task;

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            _first.TrySetResult(value ?? "");
        }
    }
}
