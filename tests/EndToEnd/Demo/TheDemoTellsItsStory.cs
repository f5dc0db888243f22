using System.Net;
using Delivery.EndToEnd.Tests.Platform;

namespace Delivery.EndToEnd.Tests.Demo;

/// <summary>A bad release killed by itself, a slow one stopped, a healthy one with everyone: told by the public API alone.</summary>
public sealed class TheDemoTellsItsStory(PlayedDemo demo) : IClassFixture<PlayedDemo>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly string[] Stopped = ["new-checkout", "new-recommendations"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task the_breaker_kills_the_bad_release_while_5_percent_are_exposed()
    {
        var (release, abort, evidence) = Ended(demo.NewCheckout);

        (release.Status, release.Health, release.ExposurePercent).ShouldBe(("aborted", "killed", 0), release.Reason);
        (abort.Cause, abort.By, evidence.Metric).ShouldBe(("breaker", "breaker", "errors"));
        evidence.EValue.ShouldNotBeNull().ShouldBeGreaterThanOrEqualTo(evidence.Threshold.ShouldNotBeNull());
        evidence.Threshold.Value.ShouldBeGreaterThan(1);
        evidence.Released.FailingUnits.ShouldBeInRange(1, evidence.Released.Errors);
        evidence.Released.Exposures.ShouldBeInRange(evidence.Released.Units, evidence.Control.Exposures / 5);
        evidence.FirstBadExposureAt.ShouldNotBeNull().ShouldBeLessThan(abort.At);
        evidence.SecondsToDecision.ShouldNotBeNull().ShouldBeInRange(0, 60);
        // Most checkouts of the shop went well all the time: a look at all of them together would have seen little.
        var all = (double)(evidence.Released.Errors + evidence.Control.Errors) / (evidence.Released.Requests + evidence.Control.Requests);
        all.ShouldBeLessThan(0.05);
        (await LastStagePpmAsync("new-checkout")).ShouldBe(50_000);
    }

    [Fact]
    public void its_latency_guardrail_stops_the_slow_release()
    {
        var (release, abort, evidence) = Ended(demo.NewRecommendations);

        (release.Status, abort.Cause, abort.By, evidence.Metric).ShouldBe(("aborted", "guardrail", "guardrail", "latency-p95"), release.Reason);
        evidence.Unit.ShouldBe("ms");
        evidence.Lower.ShouldNotBeNull().ShouldBeGreaterThan(evidence.Threshold.ShouldNotBeNull());
        evidence.Released.P95Milliseconds.ShouldNotBeNull().ShouldBeGreaterThan(evidence.Control.P95Milliseconds.ShouldNotBeNull() + evidence.Threshold.Value);
    }

    [Fact]
    public async Task everyone_gets_the_healthy_release_and_nobody_a_stopped_one()
    {
        (demo.FastSearch.Status, demo.FastSearch.ExposurePercent, demo.FastSearch.Abort).ShouldBe(("completed", 100, null), demo.FastSearch.Reason);
        using var sdk = new Api(demo.Platform.ServerUrl, await demo.Platform.IssueKeyAsync("server-sdk", Cancel));
        foreach (var (flag, value) in new[] { ("fast-search", true), ("new-checkout", false), ("new-recommendations", false) })
        {
            foreach (var customer in Enumerable.Range(1, 25).Select(number => $"customer-{number:D5}"))
            {
                // The dev team was the first to get each release: even they have it no more.
                var context = new { context = new { targetingKey = customer, ring = "dev-team" } };
                var answer = await sdk.SendAsync(HttpMethod.Post, $"/ofrep/v1/evaluate/flags/{flag}", context, Cancel);
                answer.GetProperty("value").GetBoolean().ShouldBe(value, $"{flag} for {customer}: {answer}");
            }
        }

        var shown = await demo.Platform.Shop!.SendAsync(HttpMethod.Get, "/search?user=customer-00001", body: null, Cancel);
        shown.GetProperty("search").GetString().ShouldBe("fast");
        shown = await demo.Platform.Shop.SendAsync(HttpMethod.Get, "/recommendations?user=customer-00001", body: null, Cancel);
        shown.GetProperty("recommendations").GetString().ShouldBe("old");
    }

    [Fact]
    public async Task the_owning_team_receives_a_signed_alert_for_each_stopped_release()
    {
        var alerts = await Eventually.SeesAsync(
            "the alerts of both stopped releases are delivered", Patience,
            () => demo.Api.ListAsync<RaisedAlert>("/api/v1/alerts?team=shop-team&limit=1000", Cancel),
            alerts => alerts.Count(alert => alert.Kind == "release-aborted" && alert.Deliveries.Any(d => d is { Channel: "webhook", State: "delivered" })) >= 2,
            Cancel);
        var received = await demo.Platform.Shop!.GetAsync<IReadOnlyList<ReceivedAlert>>("/alerts", Cancel);

        alerts.Where(alert => alert.Kind == "release-aborted").Select(alert => alert.Subject).ShouldBe(Stopped.Select(key => $"rollout/{key}"), ignoreOrder: true);
        foreach (var release in new[] { demo.NewCheckout, demo.NewRecommendations })
        {
            var alert = alerts.Single(alert => alert.Kind == "release-aborted" && alert.Subject == $"rollout/{release.Key}");
            (alert.Severity, alert.Team, alert.Detail).ShouldBe(("critical", "shop-team", release.Abort!.Reason));
            var inbox = received.Single(one => one.Kind == "release-aborted" && one.Subject == alert.Subject);
            (inbox.State, inbox.Severity, inbox.Title, inbox.Detail).ShouldBe(("raised", alert.Severity, alert.Title, alert.Detail));
        }

        // What is in the inbox carried the right signature: without one nothing gets in.
        var forged = new { kind = "release-aborted", subject = "rollout/forged" };
        (await demo.Platform.Shop.StatusAsync(HttpMethod.Post, "/hooks/alerts", forged, Cancel)).ShouldBe(HttpStatusCode.Unauthorized);
        (await demo.Platform.Shop.GetAsync<IReadOnlyList<ReceivedAlert>>("/alerts", Cancel)).ShouldNotContain(one => one.Subject == "rollout/forged");
    }

    [Fact]
    public async Task the_event_log_tells_who_changed_what_and_why()
    {
        foreach (var (key, abort) in new[] { demo.NewCheckout, demo.NewRecommendations }.Select(release => (release.Key, release.Abort!)))
        {
            var rollout = await demo.EventsAsync("rollout", key, Cancel);
            var (planned, started) = (rollout.Single(e => e.Type == "rollout-planned"), rollout.Single(e => e.Type == "rollout-started"));
            (planned.Actor, started.Actor, started.Comment).ShouldBe(("admin", "admin", "the demo starts it"));
            planned.Comment.ShouldNotBeNull().ShouldStartWith("release: ");

            var aborted = rollout.Single(e => e.Type == "rollout-aborted");
            (aborted.Actor, aborted.CorrelationId).ShouldBe((abort.By, started.CorrelationId));
            aborted.CausationId.ShouldNotBeNull();
            aborted.Data.GetProperty("reason").GetString().ShouldBe(abort.Reason);
            aborted.Data.GetProperty("evidence").GetProperty("released").GetProperty("exposures").GetInt64().ShouldBe(abort.Evidence!.Released.Exposures);
            rollout.SkipWhile(e => e != aborted).Skip(1).Select(e => e.Type).ShouldBe(["rollout-closed"]);

            // The flag's own story says the same: opened by each stage, closed after the abort, in one conversation.
            var flag = await demo.EventsAsync("flag", key, Cancel);
            flag[0].Type.ShouldBe("flag-created");
            flag[0].Comment.ShouldBe("deployed with the shop, dark until it is released");
            flag.Skip(1).ShouldAllBe(e => e.CorrelationId == started.CorrelationId);
            flag.Count(e => e.Type == "release-opened").ShouldBe(rollout.Count(e => e.Type == "stage-opened"));
            flag[^1].Type.ShouldBe("release-closed");
            flag[^1].Sequence.ShouldBeGreaterThan(aborted.Sequence);

            var alert = await Eventually.SeesAsync(
                $"the alert of {key} is delivered", Patience, () => demo.EventsAsync("alert", $"release-aborted.{key}", Cancel), events => events.Count >= 2, Cancel);
            alert.Select(e => (e.Type, e.Actor)).ShouldBe([("alert-raised", "alerting"), ("alert-delivered", "alerting")]);
        }

        var healthy = await demo.EventsAsync("rollout", "fast-search", Cancel);
        healthy.Where(e => e.Type == "stage-entered").Select(e => e.Data.GetProperty("exposurePpm").GetInt32())
            .ShouldBe([0, 50_000, 250_000, 500_000, 1_000_000]);
        healthy[^1].Type.ShouldBe("rollout-completed");
    }

    [Fact]
    public async Task the_ledger_proves_itself_and_gives_the_evidence_again()
    {
        var noted = (await demo.Api.GetAsync<Ledger>("/api/v1/ledger", Cancel)).Head;
        var verification = await demo.Api.GetAsync<Verification>($"/api/v1/ledger/verify?head={noted.Segment}:{noted.Hash}", Cancel);
        verification.Breaks.ShouldBeEmpty();
        verification.Valid.ShouldBeTrue();
        verification.Rows.ShouldBeGreaterThan(0);

        var (_, abort, evidence) = Ended(demo.NewCheckout);
        var opened = (await demo.EventsAsync("rollout", "new-checkout", Cancel)).Where(e => e.Type == "stage-opened")
            .Min(e => e.Data.GetProperty("flagVersion").GetInt64());
        var ledger = demo.Api.LinesAsync<Exposure>("/api/v1/exposures?environment=production&flag=new-checkout", Cancel);
        (await ledger.GivesAsync(evidence, "on", opened)).ShouldBeTrue(Api.Shown(evidence));
        (await RequestsUntilAsync(abort.At)).Gives(evidence, "new-checkout", "on", opened).ShouldBeTrue(Api.Shown(evidence));
    }

    private static (Release Release, Abort Abort, Evidence Evidence) Ended(Release release) =>
        (release, release.Abort.ShouldNotBeNull(release.Reason), release.Abort.Evidence.ShouldNotBeNull(release.Reason));

    private async Task<int> LastStagePpmAsync(string rollout) =>
        (await demo.EventsAsync("rollout", rollout, Cancel)).Last(e => e.Type == "stage-entered").Data.GetProperty("exposurePpm").GetInt32();

    private async Task<IReadOnlyList<MetricEvent>> RequestsUntilAsync(DateTimeOffset to)
    {
        var requests = new List<MetricEvent>();
        for (var after = ""; ;)
        {
            var page = await demo.Api.GetAsync<Page<MetricEvent>>(
                $"/api/v1/metrics/events?environment=production&flag=new-checkout&to={Uri.EscapeDataString(to.ToString("O"))}&limit=1000{after}", Cancel);
            requests.AddRange(page.Items);
            if (page.Next is not { } next)
                return requests;
            after = $"&after={next}";
        }
    }
}
