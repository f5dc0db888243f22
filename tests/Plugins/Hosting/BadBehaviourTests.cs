using Delivery.Plugins.Compliance;
using Delivery.Plugins.Host;
using Delivery.Plugins.Measuring;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.Tests.Hosting;

/// <summary>What a plugin can do to the server: nothing.</summary>
public sealed class BadBehaviourTests : IDisposable
{
    private static readonly AbortOrder Abort = new("shop", "stable", 9, AbortLevel.StopSticky);

    private readonly PluginFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task one_that_throws_gives_an_error_and_is_unhealthy()
    {
        await using var hosted = await StartAsync(Sources.Router(read: "throw new InvalidOperationException(\"oh\");", apply: "throw new Exception(\"no\");"));
        var router = hosted.Plugins.Router("bad")!;
        var error = Error(await router.ReadAsync("shop", Token));
        error.Kind.ShouldBe(PluginErrorKind.Internal);
        error.Message.ShouldContain("InvalidOperationException: oh");
        Error(await router.ApplyAsync(Intent(1), "1", Token)).Retry.ShouldBe(Retryability.AfterRead);
        Health(hosted).State.ShouldBe(PluginState.Unhealthy);
    }

    [Theory]
    [InlineData(Sources.Blocks)]
    [InlineData(Sources.Waits)]
    public async Task one_that_hangs_releases_its_callers_and_does_not_block_an_abort(string hangs)
    {
        await using var hosted = await StartAsync(
            Sources.Router(read: hangs, apply: hangs), ("ReadSeconds", "0.1"), ("ApplySeconds", "0.1"), ("GraceSeconds", "0.05"), ("MostCalls", "3"));
        var router = hosted.Plugins.Router("bad")!;
        Error(await router.ReadAsync("shop", Token)).Kind.ShouldBe(PluginErrorKind.Timeout);
        Error(await router.ApplyAsync(Intent(1), "1", Token)).Kind.ShouldBe(PluginErrorKind.OutcomeUnknown);
        Error(await router.ReadAsync("shop", Token)).Kind.ShouldBe(PluginErrorKind.Timeout);
        Health(hosted).Hanging.ShouldBe(3);
        Health(hosted).State.ShouldBe(PluginState.Unhealthy);
        Error(await router.ReadAsync("shop", Token)).Kind.ShouldBe(PluginErrorKind.Unavailable, "no more places");
        (await router.AbortAsync(Abort, Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
    }

    [Fact]
    public async Task one_that_always_blocks_holds_so_many_threads_and_no_more()
    {
        await using var hosted = await StartAsync(Sources.Router(read: Sources.Blocks), ("ReadSeconds", "0.05"), ("GraceSeconds", "0"), ("MostCalls", "2"));
        var router = hosted.Plugins.Router("bad")!;
        await router.ReadAsync("shop", Token);
        var threads = ProcessResources.Threads();
        for (var i = 0; i < 30; i++)
            await router.ReadAsync("shop", Token);
        Health(hosted).Hanging.ShouldBe(2);
        (ProcessResources.Threads() - threads).ShouldBeLessThan(20);
    }

    [Fact]
    public async Task a_call_that_comes_back_late_frees_its_place()
    {
        await using var hosted = await StartAsync(
            Sources.Router(read: "await Gate.Task; return Ok(route);", apply: "Gate.SetResult(); return Ok(intent.Route);", members: "private static readonly TaskCompletionSource Gate = new();"),
            ("ReadSeconds", "0.1"), ("GraceSeconds", "0.05"));
        var router = hosted.Plugins.Router("bad")!;
        Error(await router.ReadAsync("shop", Token)).Kind.ShouldBe(PluginErrorKind.Timeout);
        await router.ApplyAsync(Intent(1), "1", Token);
        (await router.ReadAsync("shop", Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
        for (var i = 0; Health(hosted).Hanging > 0 && i < 100; i++)
            await Task.Delay(10, Token);
        Health(hosted).Hanging.ShouldBe(0);
    }

    [Fact]
    public async Task one_that_throws_on_a_thread_of_its_own_does_not_end_the_process()
    {
        await using var hosted = await StartAsync(Sources.Router(read: "new Thread(() => throw new Exception(\"alone\")).Start(); return Ok(route);"));
        await hosted.Plugins.Router("bad")!.ReadAsync("shop", Token);
        for (var i = 0; Health(hosted).LastError?.Contains("alone", StringComparison.Ordinal) != true && i < 200; i++)
            await Task.Delay(10, Token);
        Health(hosted).LastError.ShouldNotBeNull().ShouldContain("threw outside of any call: Exception: alone");
    }

    [Fact]
    public async Task one_that_leaks_keeps_answering_and_the_process_lives()
    {
        await using var hosted = await StartAsync(Sources.Router(read: Sources.Leaks, members: "private static readonly List<object> Kept = new();"));
        var threads = ProcessResources.Threads();
        for (var i = 0; i < 200; i++)
            (await hosted.Plugins.Router("bad")!.ReadAsync("shop", Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
        (ProcessResources.Threads() - threads).ShouldBeLessThan(20);
    }

    [Fact]
    public async Task one_that_can_not_be_made_is_broken_and_tried_again()
    {
        await using var hosted = await StartAsync(Sources.Router(create: "if (++Tries.Count < 2) throw new Exception(\"port in use\");") + "public static class Tries { public static int Count; }");
        hosted.Plugins.Router("bad").ShouldBeNull();
        Health(hosted).State.ShouldBe(PluginState.Broken);
        Health(hosted).LastError.ShouldNotBeNull().ShouldContain("port in use");
        for (var i = 0; hosted.Plugins.Router("bad") is null && i < 500; i++)
            await Task.Delay(10, Token);
        hosted.Plugins.Router("bad").ShouldNotBeNull();
    }

    [Fact]
    public async Task one_that_brings_its_own_version_of_a_library_gets_it()
    {
        var libraries = Directory.CreateDirectory(Path.Combine(_folder.Root, "..", Path.GetFileName(_folder.Root) + "-libraries")).FullName;
        try
        {
            foreach (var version in new[] { "1", "2" })
            {
                var library = Path.Combine(Directory.CreateDirectory(Path.Combine(libraries, version)).FullName, "Weather.dll");
                PluginFolder.Compile(
                    $"[assembly: System.Reflection.AssemblyVersion(\"{version}.0.0.0\")] public static class Weather {{ public static string Now => \"weather {version}\"; }} namespace Delivery.Plugins {{ }} namespace Delivery.Plugins.Routing {{ }}", "Weather", library);
                _folder.With($"brings{version}", Sources.Router(read: "return new PluginError(PluginErrorKind.NotFound, Weather.Now);"), libraries: library);
            }

            await using var hosted = await Hosted.StartAsync(_folder, ("Instances:one:Plugin", "brings1"), ("Instances:two:Plugin", "brings2"));
            Error(await hosted.Plugins.Router("one")!.ReadAsync("shop", Token)).Message.ShouldBe("weather 1");
            Error(await hosted.Plugins.Router("two")!.ReadAsync("shop", Token)).Message.ShouldBe("weather 2");
        }
        finally
        {
            Directory.Delete(libraries, recursive: true);
        }
    }

    [Fact]
    public async Task a_metric_source_that_throws_hangs_or_answers_nothing_gives_an_error_and_never_numbers()
    {
        _folder.With("throws", Sources.Source("throw new Exception(\"no\");"), PluginKinds.MetricSource)
            .With("blocks", Sources.Source("new ManualResetEvent(false).WaitOne(); return null;"), PluginKinds.MetricSource)
            .With("waits", Sources.Source("await new TaskCompletionSource().Task; return null;"), PluginKinds.MetricSource)
            .With("empty", Sources.Source("return null;"), PluginKinds.MetricSource);
        (string Name, PluginErrorKind Kind)[] sources = [("throws", PluginErrorKind.Internal), ("blocks", PluginErrorKind.Timeout), ("waits", PluginErrorKind.Timeout), ("empty", PluginErrorKind.Internal)];
        await using var hosted = await Hosted.StartAsync(
            _folder, [("ReadSeconds", "0.1"), ("GraceSeconds", "0"), ("MostCalls", "2"), .. sources.Select(s => ($"Instances:{s.Name}:Plugin", s.Name))]);
        var query = new MetricQuery("http", "shop", ["stable", "canary"], DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddMinutes(1));
        foreach (var (name, kind) in sources)
        {
            (await hosted.Plugins.Source(name)!.QueryAsync(query, Token)).ShouldBeOfType<MetricAnswer.Error>().Reason.Kind.ShouldBe(kind, name);
            hosted.Report.List().Single(p => p.Name == name).Instances.Single().Health.State.ShouldBe(PluginState.Unhealthy, name);
        }
    }

    [Fact]
    public async Task a_cancelled_caller_is_released_from_one_that_hangs()
    {
        await using var hosted = await StartAsync(Sources.Router(read: Sources.Waits, apply: Sources.Waits), ("GraceSeconds", "0.05"));
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        Error(await hosted.Plugins.Router("bad")!.ApplyAsync(Intent(1), "1", soon.Token)).Kind.ShouldBe(PluginErrorKind.OutcomeUnknown);
    }

    [Fact]
    public async Task after_an_unknown_outcome_the_host_reads_before_it_tries_again()
    {
        await using var hosted = await StartAsync(Sources.Router(
            read: "Calls.Add(\"read\"); return Ok(route);",
            apply: "Calls.Add(\"apply\"); _last = intent; if (Calls.Count < 3) return new PluginError(PluginErrorKind.OutcomeUnknown, string.Join(',', Calls)); return new RouteState(intent.Route, string.Join(',', Calls), intent.Generation, intent.Arms, ImmutableArray<RouteOverride>.Empty);",
            members: "private readonly List<string> Calls = new();"));
        var steered = await hosted.Steering.ApplyAsync("bad", Intent(1), Token);
        steered.State!.Revision.ShouldBe("read,apply,read,apply");
        steered.Verification.ShouldBeOfType<Verification.Verified>();
        steered.Attempts.ShouldBe(2);
    }

    [Fact]
    public async Task what_the_router_can_not_do_is_refused_before_it_is_asked()
    {
        await using var hosted = await StartAsync(Sources.Router(apply: "throw new Exception(\"asked\");"));
        var steered = await hosted.Steering.ApplyAsync("bad", Intent(1) with { Mirror = new RouteMirror("canary", 100) }, Token);
        steered.Error!.Message.ShouldContain("this router can't mirror");
        (await hosted.Steering.ApplyAsync("nobody", Intent(1), Token)).Error!.Kind.ShouldBe(PluginErrorKind.NotFound);
    }

    public void Dispose() => _folder.Dispose();

    private static RouteIntent Intent(long generation) => new("shop", generation, "stable", [new("stable", 9_900), new("canary", 100)]);

    private static PluginError Error<T>(PluginResult<T> result)
        where T : class => result.ShouldBeOfType<PluginResult<T>.Failed>().Error;

    private static PluginStatus Health(Hosted hosted) => hosted.Report.List().Single().Instances.Single().Health;

    private Task<Hosted> StartAsync(string source, params (string, string)[] settings) =>
        Hosted.StartAsync(_folder.With("bad", source), [("Instances:bad:Plugin", "bad"), .. settings]);
}
