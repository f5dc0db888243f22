using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Delivery.Alerting.Channels;
using Delivery.Alerting.Raising;
using Delivery.Contracts.Rollouts;
using Delivery.Testing;
using Mediator;
using Microsoft.Extensions.DependencyInjection;
using Wolverine;

namespace Delivery.Alerting.Tests;

public sealed class AlertScenarios(AlertScenarios.Running running) : IClassFixture<AlertScenarios.Running>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>One server whose retries do not wait.</summary>
    public sealed class Running(PostgresFixture postgres) : IAsyncLifetime
    {
        public DeliveryServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Server = new DeliveryServer(
            await postgres.CreateDatabaseAsync("alerting"),
            settings: new Dictionary<string, string> { ["Alerting:RetryWaitSeconds:0"] = "0", ["Alerting:RetryWaitSeconds:1"] = "0" });

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }

    [Fact]
    public async Task a_stopped_release_reaches_its_owners_webhook_signed_and_with_the_evidence()
    {
        await using var receiver = await Receiver.StartAsync(Cancel);
        using var admin = running.Server.Admin();
        await Team(admin, "payers", receiver.Url);
        await Publish(Aborted("new-payment", "payers"));

        var received = await receiver.NextAsync(Cancel);
        var body = JsonDocument.Parse(received.Body).RootElement;
        body.GetProperty("subject").GetString().ShouldBe("rollout/new-payment");
        body.GetProperty("severity").GetString().ShouldBe("critical");
        body.GetProperty("evidence").GetProperty("eValue").GetDouble().ShouldBe(4_120);
        var sentAt = DateTimeOffset.FromUnixTimeSeconds(long.Parse(received.Signature.Split(',')[0].Substring(2)));
        received.Signature.ShouldBe(WebhookChannel.Sign("s3cret", sentAt, received.Body));
        await Until(admin, "release-aborted.new-payment", d => d.GetProperty("state").GetString() == "delivered");
    }

    [Fact]
    public async Task an_alert_and_its_delivery_belong_to_the_conversation_that_the_rollout_began()
    {
        await using var receiver = await Receiver.StartAsync(Cancel, 503);
        using var admin = running.Server.Admin();
        await Team(admin, "talkers", receiver.Url);
        await Publish(Aborted("talked-about", "talkers") with { Correlation = "conversation-7" });

        await receiver.NextAsync(Cancel);
        await receiver.NextAsync(Cancel);
        await Until(admin, "release-aborted.talked-about", d => d.GetProperty("state").GetString() == "delivered");
        var events = await admin.GetFromJsonAsync<JsonElement>("/api/v1/events?correlation=conversation-7", Cancel);
        // A receiver on a busy machine may also answer too late.
        events.GetProperty("items").EnumerateArray().Select(e => e.GetProperty("type").GetString()).Distinct()
            .ShouldBe(["alert-raised", "alert-delivery-failed", "alert-delivered"]);
    }

    [Fact]
    public async Task the_same_fact_twice_raises_one_alert()
    {
        using var admin = running.Server.Admin();
        var fact = Aborted("doubled", null);
        await Send(fact);
        await Send(fact);
        var events = await admin.GetFromJsonAsync<JsonElement>("/api/v1/alerts/release-aborted.doubled/events", Cancel);
        events.GetProperty("items").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task a_receiver_that_fails_is_tried_again_with_the_same_id()
    {
        await using var receiver = await Receiver.StartAsync(Cancel, 503, 503);
        using var admin = running.Server.Admin();
        await Team(admin, "stubborn", receiver.Url);
        await Publish(Aborted("retried", "stubborn"));

        var ids = new List<string>();
        for (var i = 0; i < 3; i++)
            ids.Add((await receiver.NextAsync(Cancel)).Id);
        ids.Distinct().ShouldHaveSingleItem();
        var delivery = await Until(admin, "release-aborted.retried", d => d.GetProperty("state").GetString() == "delivered");
        delivery.GetProperty("attempts").GetInt32().ShouldBeGreaterThanOrEqualTo(3);
    }

    [Fact]
    public async Task what_no_receiver_takes_is_a_dead_letter_until_a_person_tries_again()
    {
        await using var receiver = await Receiver.StartAsync(Cancel, 410);
        using var admin = running.Server.Admin();
        await Team(admin, "gone", receiver.Url);
        await Publish(Aborted("dead", "gone"));
        await receiver.NextAsync(Cancel);
        await Until(admin, "release-aborted.dead", d => d.GetProperty("state").GetString() == "given-up");
        (await admin.GetStringAsync("/api/v1/alerts/dead-letters", Cancel)).ShouldContain("release-aborted.dead");

        (await admin.PostAsync("/api/v1/alerts/release-aborted.dead/deliveries/hook/retry", null, Cancel)).EnsureSuccessStatusCode();
        await receiver.NextAsync(Cancel);
        await Until(admin, "release-aborted.dead", d => d.GetProperty("state").GetString() == "delivered");
    }

    [Fact]
    public async Task an_alert_goes_from_raised_over_acknowledged_to_resolved()
    {
        using var admin = running.Server.Admin();
        await Send(Aborted("handled", null));
        await Post(admin, "acknowledge", null, HttpStatusCode.OK);
        await Post(admin, "snooze", new { until = "2001-01-01T00:00:00Z" }, HttpStatusCode.BadRequest);
        await Post(admin, "resolve", new { reason = "rolled back" }, HttpStatusCode.OK);
        var alert = await admin.GetFromJsonAsync<JsonElement>("/api/v1/alerts/release-aborted.handled", Cancel);
        alert.GetProperty("alert").GetProperty("state").GetString().ShouldBe("resolved");

        static async Task Post(HttpClient admin, string verb, object? body, HttpStatusCode expected) =>
            (await admin.PostAsync($"/api/v1/alerts/release-aborted.handled/{verb}", body is null ? null : JsonContent.Create(body), Cancel)).StatusCode.ShouldBe(expected);
    }

    [Fact]
    public async Task data_that_flows_again_resolves_the_blind_alert()
    {
        using var admin = running.Server.Admin();
        var at = new DateTimeOffset(2026, 11, 23, 7, 0, 0, TimeSpan.Zero);
        await Publish(new RolloutBlind("unseen", "unseen", "production", null, "no exposures for 30 s", at));
        var id = $"release-blind.unseen.{at.ToUnixTimeSeconds()}";
        await Eventually(async () => (await admin.GetAsync($"/api/v1/alerts/{id}", Cancel)).IsSuccessStatusCode);
        await Publish(new RolloutSeesAgain("unseen", "unseen", "production", null, at));
        await Eventually(async () => (await admin.GetFromJsonAsync<JsonElement>($"/api/v1/alerts/{id}", Cancel)).GetProperty("alert").GetProperty("state").GetString() == "resolved");
    }

    public static TheoryData<string, string> BadTeams => new()
    {
        { """{ "channels": [] }""", "name" },
        { """{ "name": "" }""", "name" },
        { """{ "name": "x", "members": [] }""", "members" },
        { """{ "name": 7 }""", "name" },
        { """{ "name": "x", "channels": [ { "key": "Hook", "kind": "webhook", "url": "http://127.0.0.1/" } ] }""", "channels[0].key" },
        { """{ "name": "x", "channels": [ { "key": "hook", "kind": "pigeon", "url": "http://127.0.0.1/" } ] }""", "channels[0].kind" },
        { """{ "name": "x", "channels": [ { "key": "hook", "kind": "webhook", "url": "ftp://127.0.0.1/" } ] }""", "channels[0].url" },
        { """{ "name": "x", "channels": [ { "key": "a", "kind": "webhook", "url": "http://127.0.0.1/" }, { "key": "a", "kind": "webhook", "url": "http://127.0.0.1/" } ] }""", "channels[1].key" },
        { """{ "name": """, "name" },
    };

    [Theory]
    [MemberData(nameof(BadTeams))]
    public async Task a_bad_team_names_the_field_and_changes_nothing(string body, string field)
    {
        using var admin = running.Server.Admin();
        var answer = await admin.PutAsync("/api/v1/teams/bad", new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")), Cancel);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("errors").EnumerateObject().Select(e => e.Name).ShouldContain(field);
        (await admin.GetAsync("/api/v1/teams/bad", Cancel)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task a_secret_is_never_shown_and_never_in_an_event()
    {
        using var admin = running.Server.Admin();
        await Team(admin, "secretive", "http://127.0.0.1:1/");
        (await admin.GetStringAsync("/api/v1/teams/secretive", Cancel)).ShouldNotContain("s3cret");
        (await admin.GetStringAsync("/api/v1/teams/secretive/events", Cancel)).ShouldNotContain("s3cret");
    }

    private static RolloutAborted Aborted(string rollout, string? owner)
    {
        var arm = new ArmEvidence(152, 152, 152, 31, 31, 20, 40);
        var at = new DateTimeOffset(2026, 11, 23, 7, 0, 0, TimeSpan.Zero);
        return new RolloutAborted(rollout, rollout, "production", owner, AbortCause.Breaker, "31 of 152 failed", new Evidence(
            "abort when the e-value reaches 1,000", "errors", arm, arm, 4_120, 1_000, null, null, null, null, at, 3.4, at), at);
    }

    private async Task Publish(object fact)
    {
        await using var scope = running.Server.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<IMessageBus>().PublishAsync(fact);
    }

    private async Task Send(RolloutAborted fact)
    {
        await using var scope = running.Server.Services.CreateAsyncScope();
        await RolloutAbortedHandler.Handle(fact, scope.ServiceProvider.GetRequiredService<ISender>(), Cancel);
    }

    private static async Task Team(HttpClient admin, string key, string url) => (await admin.PutAsJsonAsync(
        $"/api/v1/teams/{key}", new { name = key, channels = new[] { new { key = "hook", kind = "webhook", url, secret = "s3cret" } } }, Cancel)).EnsureSuccessStatusCode();

    private static async Task<JsonElement> Until(HttpClient admin, string alert, Func<JsonElement, bool> holds)
    {
        JsonElement delivery = default;
        await Eventually(async () =>
        {
            var read = await admin.GetFromJsonAsync<JsonElement>($"/api/v1/alerts/{alert}", Cancel);
            delivery = read.GetProperty("alert").GetProperty("deliveries")[0];
            return holds(delivery);
        });
        return delivery;
    }

    /// <summary>Asks again until it holds; the test's own time limit ends it.</summary>
    private static async Task Eventually(Func<Task<bool>> holds)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        while (!await holds())
            await Task.Delay(20, limit.Token);
    }
}
