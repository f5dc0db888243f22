using System.Globalization;
using Delivery.LocalHosting.Running;

namespace AppHost.Tests.LocalHosting;

public sealed class LocalRunnerTests
{
    /// <summary>Runs until asked to stop, then notes its name.</summary>
    private const string UntilStopped = """trap 'echo $NAME >> stopped; exit 0' TERM; echo ready > $NAME.ready; while :; do sleep 0.05; done""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task resources_stop_in_the_reverse_order_of_their_description()
    {
        await using var platform = new RunnerFixture();
        foreach (var name in new[] { "first", "second", "third" })
            platform.HealthyOnceFileExists(platform.AddScript(name, UntilStopped).WithEnvironment("NAME", name), $"{name}.ready");
        await using (await platform.StartAsync())
        {
            foreach (var name in new[] { "first", "second", "third" })
                await platform.HealthyAsync(name);
        }

        (await File.ReadAllLinesAsync(platform.PathOf("stopped"), Cancellation)).ShouldBe(["third", "second", "first"]);
    }

    [Fact]
    public async Task every_line_has_its_resource_before_it()
    {
        await using var platform = new RunnerFixture();
        platform.AddScript("a", "echo one; echo two >&2; sleep 600");
        platform.AddScript("longer-name", "echo three; sleep 600");
        await platform.StartAsync();

        foreach (var text in new[] { "one", "two", "three" })
            await platform.LineAsync(text);

        platform.Lines.ShouldBe(["a           | one", "a           | two", "longer-name | three"], ignoreOrder: true);
    }

    [Fact]
    public async Task a_resource_starts_only_when_what_it_waits_for_is_healthy()
    {
        await using var platform = new RunnerFixture();
        var database = platform.HealthyOnceFileExists(platform.AddScript("database", "sleep 600"), "healthy");
        platform.AddScript("server", "sleep 600").WaitFor(database);
        await platform.StartAsync();
        await platform.InStateAsync("database", KnownResourceStates.Running);
        await platform.InStateAsync("server", KnownResourceStates.Waiting);

        await File.WriteAllTextAsync(platform.PathOf("healthy"), "", Cancellation);

        await platform.HealthyAsync("server");
    }

    [Fact]
    public async Task a_crashed_resource_is_started_again_after_a_pause_with_the_same_environment()
    {
        await using var platform = new RunnerFixture();
        platform.AddScript("server", "echo port $PORT; while [ ! -e crash ]; do sleep 0.02; done; rm crash; exit 3")
            .WithHttpEndpoint(env: "PORT");
        await platform.StartAsync();
        await platform.HealthyAsync("server");

        await CrashAsync(TimeSpan.FromSeconds(1), starts: 2);
        await CrashAsync(TimeSpan.FromSeconds(2), starts: 3);

        platform.Lines.Where(line => line.StartsWith("server   | port ", StringComparison.Ordinal)).Distinct().Count().ShouldBe(1);

        async Task CrashAsync(TimeSpan pause, int starts)
        {
            await File.WriteAllTextAsync(platform.PathOf("crash"), "", Cancellation);
            await platform.LineAsync($"platform | server crashed with exit code 3; it starts again in {pause.TotalSeconds:0} s");
            var started = platform.LineAsync("port", starts);
            while (!started.IsCompleted)
            {
                // The pause may begin a moment after it was announced.
                platform.Clock.Advance(pause);
                await Task.WhenAny(started, Task.Delay(TimeSpan.FromMilliseconds(10), Cancellation));
            }

            await started;
            await platform.HealthyAsync("server");
        }
    }

    [Fact]
    public async Task without_restart_a_crashed_resource_stays_down()
    {
        await using var platform = new RunnerFixture("--Restart=false");
        platform.AddScript("server", "while [ ! -e crash ]; do sleep 0.02; done; exit 3");
        await platform.StartAsync();
        await platform.HealthyAsync("server");

        await File.WriteAllTextAsync(platform.PathOf("crash"), "", Cancellation);
        await platform.LineAsync("platform | server ended with exit code 3 and is not started again");
    }

    [Fact]
    public async Task who_never_gets_healthy_fails_and_so_do_those_that_wait()
    {
        await using var platform = new RunnerFixture();
        var database = platform.HealthyOnceFileExists(platform.AddScript("database", "echo no disk; exit 4"), "never");
        platform.AddScript("server", "sleep 600").WaitFor(database);
        await platform.StartAsync();

        await Should.ThrowAsync<DistributedApplicationException>(() => platform.HealthyAsync("server"));

        platform.Lines.ShouldContain("platform | database can't be started: it ended with exit code 4 before it was healthy");
        Environment.ExitCode = 0;
    }

    [Fact]
    public async Task processes_that_a_killed_run_left_are_ended_by_the_next()
    {
        await using var platform = new RunnerFixture();
        var runs = Path.Combine(platform.Folder, "runs");
        using var orphan = ChildProcess.Start(
            new ResourceCommand("/bin/sh", ["-c", "sleep 600"], platform.Folder, new Dictionary<string, string?>()), _ => { });
        await File.WriteAllTextAsync(Path.Combine(runs, "999999999-1.run"), orphan.Identity!.ToString(), Cancellation);

        await platform.StartAsync();

        await orphan.WaitForExitAsync(Cancellation);
        Directory.GetFiles(runs).ShouldBeEmpty();
        platform.Lines.ShouldContain("platform | ended 1 process(es) that a killed run had left");
    }

    [Fact]
    public async Task what_a_resource_started_ends_with_it()
    {
        await using var platform = new RunnerFixture();
        platform.AddScript("server", "sleep 600 & echo child $!; wait");
        await using (await platform.StartAsync())
            await platform.LineAsync("child");

        var child = int.Parse(platform.Lines.Single().Split(' ')[^1], CultureInfo.InvariantCulture);
        // Killed is killed, whether or not the machine's init has taken note of it yet.
        if (File.Exists($"/proc/{child}/stat"))
            (await File.ReadAllTextAsync($"/proc/{child}/stat", Cancellation)).ShouldContain(") Z ");
    }

    [Fact]
    public void the_pause_before_a_restart_doubles_up_to_30_seconds() =>
        Enumerable.Range(1, 7).Select(crashes => RestartBackoff.After(crashes).TotalSeconds).ShouldBe([1, 2, 4, 8, 16, 30, 30]);
}
