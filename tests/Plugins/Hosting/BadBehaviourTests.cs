using Delivery.Plugins.Compliance;
using Delivery.Plugins.Host;
using Delivery.Plugins.Measuring;
using Delivery.Plugins.Routing;
using Microsoft.Extensions.Time.Testing;

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
        await using var hosted = await StartAsync(
            Sources.Router(read: "Interlocked.Increment(ref Entered); " + Sources.Blocks, members: "public static int Entered;"), ("ReadSeconds", "0.05"), ("GraceSeconds", "0"), ("MostCalls", "2"));
        var router = hosted.Plugins.Router("bad")!;
        for (var i = 0; i < 30; i++)
            Error(await router.ReadAsync("shop", Token)).Kind.ShouldBe(i < 2 ? PluginErrorKind.Timeout : PluginErrorKind.Unavailable);
        Health(hosted).Hanging.ShouldBe(2);
        await Until.TrueAsync(() => Entered(hosted) == 2);
    }

    [Fact]
    public async Task a_call_that_comes_back_late_frees_its_place()
    {
        var clock = new FakeTimeProvider();
        await using var hosted = await StartAsync(
            Sources.Router(read: "await Gate.Task; return Ok(route);", apply: "Gate.SetResult(); return Ok(intent.Route);", members: "private static readonly TaskCompletionSource Gate = new();"), clock);
        var router = hosted.Plugins.Router("bad")!;
        Error(await OverdueAsync(clock, router.ReadAsync("shop", Token))).Kind.ShouldBe(PluginErrorKind.Timeout);
        await router.ApplyAsync(Intent(1), "1", Token);
        (await router.ReadAsync("shop", Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
        await Until.TrueAsync(() => Health(hosted).Hanging == 0);
    }

    [Fact]
    public async Task one_that_throws_on_a_thread_of_its_own_does_not_end_the_process()
    {
        await using var hosted = await StartAsync(Sources.Router(read: "new Thread(() => throw new Exception(\"alone\")).Start(); return Ok(route);"));
        await hosted.Plugins.Router("bad")!.ReadAsync("shop", Token);
        await Until.TrueAsync(() => Health(hosted).LastError?.Contains("alone", StringComparison.Ordinal) == true);
        Health(hosted).LastError.ShouldNotBeNull().ShouldContain("threw outside of any call: Exception: alone");
    }

    [Fact]
    public async Task one_that_leaks_keeps_answering_and_the_process_lives()
    {
        await using var hosted = await StartAsync(Sources.Router(read: Sources.Leaks, members: "private static readonly List<object> Kept = new();"));
        var threads = ProcessResources.Threads();
        for (var i = 0; i < 200; i++)
            (await hosted.Plugins.Router("bad")!.ReadAsync("shop", Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
        // Other tests have threads of their own meanwhile; a thread kept by each call would be two hundred.
        await Until.TrueAsync(() => ProcessResources.Threads() - threads < 100);
    }

    [Fact]
    public async Task one_that_can_not_be_made_is_broken_and_tried_again()
    {
        var clock = new FakeTimeProvider();
        await using var hosted = await StartAsync(
            Sources.Router(create: "if (++Tries.Count < 2) throw new Exception(\"port in use\");") + "public static class Tries { public static int Count; }", clock);
        hosted.Plugins.Router("bad").ShouldBeNull();
        Health(hosted).State.ShouldBe(PluginState.Broken);
        Health(hosted).LastError.ShouldNotBeNull().ShouldContain("port in use");
        await Until.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            return hosted.Plugins.Router("bad") is not null;
        });
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
        var clock = new FakeTimeProvider();
        await using var hosted = await Hosted.StartAsync(_folder, clock, [.. sources.Select(s => ($"Instances:{s.Name}:Plugin", s.Name))]);
        var query = new MetricQuery("http", "shop", ["stable", "canary"], DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddMinutes(1));
        foreach (var (name, kind) in sources)
        {
            var asked = hosted.Plugins.Source(name)!.QueryAsync(query, Token);
            (kind == PluginErrorKind.Timeout ? await OverdueAsync(clock, asked) : await asked).ShouldBeOfType<MetricAnswer.Error>().Reason.Kind.ShouldBe(kind, name);
            hosted.Report.List().Single(p => p.Name == name).Instances.Single().Health.State.ShouldBe(PluginState.Unhealthy, name);
        }
    }

    [Fact]
    public async Task a_cancelled_caller_is_released_from_one_that_hangs()
    {
        await using var hosted = await StartAsync(
            Sources.Router(apply: "Interlocked.Increment(ref Entered); " + Sources.Waits, members: "public static int Entered;"), ("ApplySeconds", "600"), ("GraceSeconds", "0.05"));
        using var cancelled = new CancellationTokenSource();
        var applying = hosted.Plugins.Router("bad")!.ApplyAsync(Intent(1), "1", cancelled.Token).AsTask();
        await Until.TrueAsync(() => Entered(hosted) == 1);
        await cancelled.CancelAsync();
        Error(await applying).Kind.ShouldBe(PluginErrorKind.OutcomeUnknown);
    }

    [Fact]
    public async Task a_watch_that_throws_has_ended_and_the_health_says_why()
    {
        await using var hosted = await StartAsync(Sources.Router(watch: "yield return ((PluginResult<RouteState>.Ok)Ok(route)).Value; throw new Exception(\"torn\");"));
        (await hosted.Steering.WatchAsync("bad", "shop", Token).CountAsync(Token)).ShouldBe(1);
        Health(hosted).LastError.ShouldNotBeNull().ShouldContain("watch: the plugin threw Exception: torn");
        (await hosted.Steering.WatchAsync("nobody", "shop", Token).CountAsync(Token)).ShouldBe(0);
    }

    [Fact]
    public async Task a_watch_that_blocks_releases_who_follows_it()
    {
        await using var hosted = await StartAsync(
            Sources.Router(watch: "Interlocked.Increment(ref Entered); new ManualResetEvent(false).WaitOne(); yield break;", members: "public static int Entered;"));
        using var cancelled = new CancellationTokenSource();
        var following = hosted.Steering.WatchAsync("bad", "shop", cancelled.Token).CountAsync(cancelled.Token).AsTask();
        await Until.TrueAsync(() => Entered(hosted) == 1);
        await cancelled.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => following);
        (await hosted.Plugins.Router("bad")!.ReadAsync("shop", Token)).ShouldBeOfType<PluginResult<RouteState>.Ok>();
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

    /// <summary>How many calls came into the plugin, as it counts them itself.</summary>
    private static int Entered(Hosted hosted) =>
        (int)hosted.Plugins.Installed.Single().Entry.GetType().Assembly.GetType("Router")!.GetField("Entered")!.GetValue(null)!;

    /// <summary>Lets the time go by until a call that hangs has released its caller.</summary>
    private static async Task<T> OverdueAsync<T>(FakeTimeProvider clock, ValueTask<T> call)
    {
        var released = call.AsTask();
        await Until.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(10));
            return released.IsCompleted;
        });
        return await released;
    }

    private Task<Hosted> StartAsync(string source, params (string, string)[] settings) => StartAsync(source, TimeProvider.System, settings);

    private Task<Hosted> StartAsync(string source, TimeProvider time, params (string, string)[] settings) =>
        Hosted.StartAsync(_folder.With("bad", source), time, [("Instances:bad:Plugin", "bad"), .. settings]);
}
