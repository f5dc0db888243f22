using System.Globalization;
using Delivery.EndToEnd.Tests.Platform;

namespace Delivery.EndToEnd.Tests.Infrastructure;

/// <summary>
/// The demo with infrastructure as shipped: a canary that the platform aborts, and a blue/green deployment that takes over, told by the public
/// API and by HAProxy's own counters.
/// </summary>
public sealed class TwoDeployments
{
    private static readonly TimeSpan Promise = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task the_bad_version_is_aborted_and_the_good_one_takes_over()
    {
        foreach (var program in new[] { "haproxy", "prometheus" })
            Assert.SkipUnless(Folders().Any(folder => File.Exists(Path.Combine(folder, program))), $"{program} is not installed: apt-get install {program}");
        await using var platform = await RunningPlatform.StartAsync(["--Postgres:Ephemeral=true", "--Demo:Infrastructure=true"], Cancel);
        using var edge = new HttpClient { BaseAddress = platform.State.Resources["haproxy"].Url };
        var opened = await Eventually.SeesAsync("customers come", Patience, () => CountsAsync(edge), counts => counts["shop-v1"].Requests > 50, Cancel);
        var releases = await Eventually.SeesAsync(
            "both releases have ended", Promise,
            () => platform.Api.ListAsync<Release>("/api/v1/rollouts", Cancel),
            releases => releases.Count == 2 && releases.All(release => release.Ended),
            Cancel);

        var (bad, good) = (releases.Single(r => r.Key == "shop-2"), releases.Single(r => r.Key == "shop-3"));
        var abort = bad.Abort.ShouldNotBeNull(bad.Reason);
        (bad.Status, abort.Cause, abort.By).ShouldBe(("aborted", "breaker", "breaker"), bad.Reason);
        abort.Evidence.ShouldNotBeNull().EValue.ShouldNotBeNull().ShouldBeGreaterThanOrEqualTo(abort.Evidence.Threshold.ShouldNotBeNull());
        abort.Evidence.Released.Errors.ShouldBeGreaterThan(0);
        abort.Evidence.Released.Requests.ShouldBeLessThan(abort.Evidence.Control.Requests / 2);
        (good.Status, good.ExposurePercent, good.Abort).ShouldBe(("completed", 100, null), good.Reason);

        var before = await CountsAsync(edge);
        var after = await Eventually.SeesAsync(
            "the good version answers", Patience, () => CountsAsync(edge), counts => counts["shop-v3"].Requests >= before["shop-v3"].Requests + 100, Cancel);
        after["shop-v2"].Requests.ShouldBe(before["shop-v2"].Requests, "a request reached the aborted version");
        after["shop-v1"].Requests.ShouldBe(before["shop-v1"].Requests, "a request reached the version that was replaced");
        // Every failure since the router has opened is an answer of a version: no change of the traffic cost a request.
        long Since(string name) => after[name].Failures - opened[name].Failures;
        Since("edge").ShouldBe(Since("shop-v1") + Since("shop-v2") + Since("shop-v3"));
        after["shop-v2"].Failures.ShouldBeGreaterThan(0);

        await AuditTellsAsync(platform);
    }

    private static async Task AuditTellsAsync(RunningPlatform platform)
    {
        async Task<List<RecordedEvent>> EventsAsync(string kind, string key) =>
            [.. await platform.Api.ListAsync<RecordedEvent>($"/api/v1/events?kind={kind}&key={Uri.EscapeDataString(key)}&limit=1000", Cancel)];

        var canary = await EventsAsync("rollout", "shop-2");
        var started = canary.Single(e => e.Type == "rollout-started");
        (canary.Single(e => e.Type == "rollout-planned").Actor, started.Actor, started.Comment).ShouldBe(("admin", "admin", "the demo starts it"));
        var aborted = canary.Single(e => e.Type == "rollout-aborted");
        (aborted.Actor, aborted.CorrelationId).ShouldBe(("breaker", started.CorrelationId));
        aborted.Data.GetProperty("reason").GetString().ShouldNotBeNullOrEmpty();
        aborted.Time.ShouldBeGreaterThan(started.Time);
        (await EventsAsync("rollout", "shop-3"))[^1].Type.ShouldBe("rollout-completed");

        var route = await EventsAsync("route", "edge:shop");
        route.Where(e => e.Type is "route-shifted" or "route-returned").Select(e => e.Type).ShouldBe(["route-shifted", "route-returned", "route-shifted"]);
        route.Single(e => e.Type == "route-returned").Sequence.ShouldBeGreaterThan(aborted.Sequence);
        route.ShouldAllBe(e => e.Actor != null);
    }

    private static IEnumerable<string> Folders() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Append("/usr/sbin");

    /// <summary>What HAProxy has counted for each backend.</summary>
    private static async Task<IReadOnlyDictionary<string, Counted>> CountsAsync(HttpClient edge)
    {
        var lines = (await edge.GetStringAsync(new Uri("/haproxy/stats;csv", UriKind.Relative), Cancel)).Split('\n');
        var columns = lines[0].TrimStart('#', ' ').Split(',').ToList();
        long Number(string[] row, string column) => long.TryParse(row[columns.IndexOf(column)], CultureInfo.InvariantCulture, out var number) ? number : 0;
        var rows = lines.Skip(1).Select(line => line.Split(',')).Where(row => row.Length > 1).ToList();
        var failures = rows.Where(row => row[1].StartsWith("shop-", StringComparison.Ordinal)).ToDictionary(row => row[0], row => Number(row, "hrsp_5xx"));
        return rows.Where(row => row[1] is "BACKEND" or "FRONTEND")
            .ToDictionary(row => row[0], row => new Counted(Number(row, "stot"), failures.TryGetValue(row[0], out var answered) ? answered : Number(row, "hrsp_5xx")));
    }

    /// <param name="Requests">All.</param>
    /// <param name="Failures">Answers of 500 and more: by the backend's server; of the frontend all, HAProxy's own among them.</param>
    private sealed record Counted(long Requests, long Failures);
}
