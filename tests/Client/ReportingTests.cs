using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Delivery.Evaluation;
using Microsoft.Extensions.Logging;
using static Delivery.Client.Tests.Scenario;

namespace Delivery.Client.Tests;

public sealed class ReportingTests
{
    private const string Exposures = "/sdk/v1/exposures";
    private const string Events = "/sdk/v1/events";
    private static readonly EvaluationContext User = new("user-1");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task an_exposure_tells_who_met_what_why_and_when_with_the_attributes_the_rules_read_and_only_these()
    {
        var rule = new Rule
        {
            Id = "germans",
            Condition = new Condition.Attribute { Name = "country", Operator = ConditionOperator.In, Values = [Json("\"DE\"")] },
            Serve = new Serve.Variant("on"),
        };
        await using var scenario = new Scenario();
        await scenario.StartAsync(Ruleset(9, Boolean(version: 4) with { Rules = [rule] }));
        scenario.Client.EvaluateBoolean("new-checkout", EvaluationContext.For("user-1").With("country", "DE").With("secret", "x").Build(), false);
        await scenario.Client.FlushAsync(Cancel);
        var exposure = scenario.Server.Received(Exposures).ShouldHaveSingleItem();
        exposure.GetProperty("id").GetGuid().Version.ShouldBe(7);
        Without(exposure, "id").ShouldBe(
            """{"flag":"new-checkout","variant":"on","unit":"user-1","reason":"TARGETING_MATCH","ruleId":"germans","flagVersion":4,"sequence":9,"attributes":{"country":"DE"},"time":"2026-01-01T12:00:00+00:00"}""");
        scenario.Client.Losses.Total.ShouldBe(0);
    }

    [Fact]
    public async Task a_flag_split_by_another_attribute_reports_that_unit_and_its_kind()
    {
        var split = new Serve.Split(new Split { UnitAttribute = "account", Weights = [new VariantWeight("on", 1)] });
        await using var scenario = new Scenario();
        await scenario.StartAsync(Ruleset(9, Boolean() with { Rules = [new Rule { Id = "half", Serve = split }] }));
        scenario.Client.EvaluateBoolean("new-checkout", EvaluationContext.For("user-1").With("account", "acme").Build(), false);
        await scenario.Client.FlushAsync(Cancel);
        var exposure = scenario.Server.Received(Exposures).ShouldHaveSingleItem();
        exposure.GetProperty("unit").GetString().ShouldBe("acme");
        exposure.GetProperty("unitKind").GetString().ShouldBe("account");
    }

    [Fact]
    public async Task what_waits_is_reported_after_the_flush_interval_without_being_asked()
    {
        await using var scenario = new Scenario(options => options.FlushInterval = TimeSpan.FromMilliseconds(200));
        await scenario.StartAsync(Ruleset(1, Boolean()));
        scenario.Client.EvaluateBoolean("new-checkout", User, false);
        scenario.Client.Track("signup", "user-1", 2.5m, new Dictionary<string, string> { ["plan"] = "pro" });
        await scenario.UntilAsync(() => scenario.Server.Reports.Count == 2);
        (scenario.Time.GetUtcNow() - Noon).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromMilliseconds(200));
        Without(scenario.Server.Received(Events).Single(), "id").ShouldBe(
            """{"name":"signup","unit":"user-1","value":2.5,"time":"2026-01-01T12:00:00+00:00","properties":{"plan":"pro"}}""");
    }

    [Fact]
    public async Task a_full_batch_is_reported_before_the_interval()
    {
        await using var scenario = new Scenario(options => options.BatchSize = 10);
        await scenario.StartAsync(Ruleset(1, Boolean()));
        for (var i = 0; i < 10; i++)
            scenario.Client.EvaluateBoolean("new-checkout", User, false);
        while (scenario.Server.Reports.IsEmpty)
            await Task.Yield();
        scenario.Server.Reports.Single().Elements.Count.ShouldBe(10);
        scenario.Time.GetUtcNow().ShouldBe(Noon);
    }

    [Fact]
    public async Task a_report_without_acknowledgement_is_sent_again_with_the_same_number_and_ids_until_there_is_one()
    {
        await using var scenario = new Scenario();
        await scenario.StartAsync(Ruleset(1, Boolean()));
        foreach (var status in new[] { HttpStatusCode.ServiceUnavailable, HttpStatusCode.InternalServerError, HttpStatusCode.Unauthorized })
            scenario.Server.Answers.Enqueue(new HttpResponseMessage(status));
        scenario.Client.EvaluateBoolean("new-checkout", User, false);
        scenario.Client.EvaluateBoolean("new-checkout", User, false);
        await scenario.UntilAsync(scenario.Client.FlushAsync(Cancel));
        scenario.Client.EvaluateBoolean("new-checkout", User, false);
        await scenario.UntilAsync(scenario.Client.FlushAsync(Cancel));
        var reports = scenario.Server.Reports.ToArray();
        reports.Select(report => report.Number).ShouldBe(["1", "1", "1", "1", "2"]);
        reports.Select(report => report.Source).Distinct().ShouldHaveSingleItem().ShouldStartWith("test-");
        reports[..4].Select(report => string.Join(',', report.Ids)).Distinct().ShouldHaveSingleItem();
        reports[4].Ids.ShouldNotContain(id => reports[0].Ids.Contains(id));
        scenario.Client.Losses.Total.ShouldBe(0);
    }

    [Fact]
    public async Task a_server_that_dies_and_comes_back_gets_everything()
    {
        await using var scenario = new Scenario(options => options.BatchSize = 100);
        await scenario.StartAsync(Ruleset(1, Boolean()));
        scenario.Server.Down = true;
        for (var i = 0; i < 1_000; i++)
            scenario.Client.EvaluateBoolean("new-checkout", User, false);
        await scenario.UntilAsync(() => scenario.Log.Of(LogLevel.Debug).Count(text => text.Contains("Connection refused", StringComparison.Ordinal)) > 3);
        scenario.Server.Down = false;
        await scenario.UntilAsync(scenario.Client.FlushAsync(Cancel));
        scenario.Server.Reports.SelectMany(report => report.Ids).Distinct().Count().ShouldBe(1_000);
        scenario.Client.Losses.Total.ShouldBe(0);
    }

    [Fact]
    public async Task slow_traffic_is_reported_once_an_interval_and_not_record_by_record()
    {
        await using var scenario = new Scenario(options => options.FlushInterval = TimeSpan.FromMilliseconds(250));
        await scenario.StartAsync(Ruleset(1, Boolean()));
        for (var step = 0; step < 100; step++)
        {
            scenario.Client.EvaluateBoolean("new-checkout", User, false);
            scenario.Time.Advance(TimeSpan.FromMilliseconds(10));
            for (var i = 0; i < 100; i++)
                await Task.Yield();
        }

        await scenario.Client.FlushAsync(Cancel);
        scenario.Server.Reports.Count.ShouldBeInRange(1, 6);
        scenario.Server.Received(Exposures).Count().ShouldBe(100);
    }

    [Fact]
    public async Task a_report_that_waits_for_its_retry_goes_at_once_when_the_stream_is_back()
    {
        await using var scenario = new Scenario(options =>
        {
            options.RetryDelay = TimeSpan.FromSeconds(1);
            options.RetryDelayLimit = TimeSpan.FromMinutes(10);
            options.StreamSilence = TimeSpan.FromMinutes(10);
        });
        var stream = await scenario.StartAsync(Ruleset(1, Boolean()));
        for (var i = 0; i < 8; i++)
            scenario.Server.Answers.Enqueue(new HttpResponseMessage(HttpStatusCode.ServiceUnavailable));
        scenario.Client.EvaluateBoolean("new-checkout", User, false);
        var flush = scenario.Client.FlushAsync(Cancel);
        await scenario.UntilAsync(() => scenario.Log.Of(LogLevel.Debug).Any(text => text.Contains("at attempt 8", StringComparison.Ordinal)));
        stream.End();
        await scenario.UntilAsync(scenario.Server.NextStreamAsync());
        await flush;
        scenario.Server.Reports.Count.ShouldBe(9);
    }

    [Fact]
    public async Task retry_after_is_obeyed()
    {
        await using var scenario = new Scenario();
        await scenario.StartAsync(Ruleset(1, Boolean()));
        var busy = new HttpResponseMessage(HttpStatusCode.TooManyRequests);
        busy.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(7));
        scenario.Server.Answers.Enqueue(busy);
        scenario.Client.EvaluateBoolean("new-checkout", User, false);
        await scenario.UntilAsync(scenario.Client.FlushAsync(Cancel));
        (scenario.Time.GetUtcNow() - Noon).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(7));
    }

    [Fact]
    public async Task overflow_is_counted_and_told_and_what_fits_is_reported()
    {
        var open = new TaskCompletionSource();
        await using var scenario = new Scenario(options =>
        {
            options.ExposureQueueCapacity = 1_024;
            options.BatchSize = 100;
        });
        scenario.Server.IntakeOpen = open.Task;
        await scenario.StartAsync(Ruleset(1, Boolean()));
        for (var i = 0; i < 3_000; i++)
            scenario.Client.EvaluateBoolean("new-checkout", User, false);
        open.SetResult();
        await scenario.Client.FlushAsync(Cancel);
        var losses = scenario.Client.Losses.Exposures;
        losses.Overflowed.ShouldBeInRange(3_000 - 1_024 - 100, 3_000 - 1_024);
        (scenario.Server.Received(Exposures).Count() + losses.Overflowed).ShouldBe(3_000);
        await scenario.UntilAsync(() => scenario.Log.Warnings.Any(text => text.Contains($"{losses.Overflowed} in all", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task records_that_the_server_refuses_are_counted_with_its_reason_in_the_log()
    {
        await using var scenario = new Scenario();
        await scenario.StartAsync(Ruleset(1, Boolean()));
        scenario.Server.Answers.Enqueue(ServerDouble.Taken("""[{"index":0,"field":"flag","message":"a known flag"}]"""));
        scenario.Client.EvaluateBoolean("new-checkout", User, false);
        scenario.Client.EvaluateBoolean("new-checkout", User, false);
        await scenario.Client.FlushAsync(Cancel);
        scenario.Client.Losses.Exposures.ShouldBe(new LossCount(0, 1, 0));
        scenario.Log.Warnings.ShouldContain(text => text.Contains("a known flag", StringComparison.Ordinal));
    }

    [Fact]
    public async Task a_report_that_can_never_be_taken_is_given_up_and_the_next_one_goes_through()
    {
        await using var scenario = new Scenario();
        await scenario.StartAsync(Ruleset(1, Boolean()));
        scenario.Server.Answers.Enqueue(new HttpResponseMessage(HttpStatusCode.BadRequest));
        scenario.Client.EvaluateBoolean("new-checkout", User, false);
        await scenario.Client.FlushAsync(Cancel);
        scenario.Client.EvaluateBoolean("new-checkout", User, false);
        await scenario.Client.FlushAsync(Cancel);
        scenario.Server.Reports.Select(report => report.Number).ShouldBe(["1", "2"]);
        scenario.Client.Losses.Exposures.ShouldBe(new LossCount(0, 1, 0));
    }

    [Fact]
    public async Task a_record_that_can_not_be_written_is_counted_and_does_not_hold_up_the_others()
    {
        var nested = Json(string.Concat(Enumerable.Repeat("[", 60)) + string.Concat(Enumerable.Repeat("]", 60)));
        var deep = Enumerable.Range(0, 30).Aggregate(AttributeValue.From(nested), (inner, _) => Wrap(inner));
        var condition = new Condition.Attribute { Name = "deep", Operator = ConditionOperator.Exists };
        await using var scenario = new Scenario();
        await scenario.StartAsync(Ruleset(1, Boolean() with { Rules = [new Rule { Id = "r", Condition = condition, Serve = new Serve.Variant("on") }] }));
        scenario.Client.EvaluateBoolean("new-checkout", EvaluationContext.For("user-1").With("deep", deep).Build(), false);
        scenario.Client.EvaluateBoolean("new-checkout", User, false);
        await scenario.Client.FlushAsync(Cancel);
        scenario.Server.Received(Exposures).Count().ShouldBe(1);
        scenario.Client.Losses.Exposures.Rejected.ShouldBe(1);

        static AttributeValue Wrap(AttributeValue inner) => Enumerable.Range(0, 50).Aggregate(inner, (value, _) => AttributeValue.From([value]));
    }

    [Fact]
    public async Task large_reports_are_compressed()
    {
        await using var scenario = new Scenario(options => options.CompressAboveBytes = 1_000);
        await scenario.StartAsync(Ruleset(1, Boolean()));
        for (var i = 0; i < 50; i++)
            scenario.Client.EvaluateBoolean("new-checkout", User, false);
        await scenario.Client.FlushAsync(Cancel);
        scenario.Server.Reports.ShouldContain(report => report.Compressed);
        scenario.Server.Received(Exposures).Count().ShouldBe(50);
    }

    [Fact]
    public async Task a_stop_reports_what_is_queued()
    {
        await using var scenario = new Scenario(options => options.ShutdownTimeout = TimeSpan.FromMinutes(5));
        await scenario.StartAsync(Ruleset(1, Boolean()));
        scenario.Server.Answers.Enqueue(new HttpResponseMessage(HttpStatusCode.ServiceUnavailable));
        scenario.Client.EvaluateBoolean("new-checkout", User, false);
        scenario.Client.Track("signup", "user-1");
        await scenario.UntilAsync(scenario.Client.StopAsync(Cancel));
        scenario.Server.Received(Exposures).ShouldNotBeEmpty();
        scenario.Server.Received(Events).ShouldNotBeEmpty();
        scenario.Client.Losses.Total.ShouldBe(0);
    }

    [Fact]
    public async Task a_stop_gives_up_at_its_deadline_and_counts_what_it_left()
    {
        await using var scenario = new Scenario(options => options.ShutdownTimeout = TimeSpan.FromSeconds(2));
        await scenario.StartAsync(Ruleset(1, Boolean()));
        scenario.Server.Down = true;
        for (var i = 0; i < 5; i++)
            scenario.Client.EvaluateBoolean("new-checkout", User, false);
        await scenario.UntilAsync(scenario.Client.StopAsync(Cancel));
        (scenario.Time.GetUtcNow() - Noon).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(2));
        scenario.Client.EvaluateBoolean("new-checkout", User, false);
        scenario.Client.Losses.Exposures.ShouldBe(new LossCount(0, 0, 6));
        scenario.Log.Warnings.ShouldContain(text => text.Contains("5 records were not reported", StringComparison.Ordinal));
    }

    [Fact]
    public async Task an_evaluation_for_nobody_records_no_exposure()
    {
        await using var scenario = new Scenario();
        await scenario.StartAsync(Ruleset(1, Boolean()));
        scenario.Client.EvaluateBoolean("new-checkout", EvaluationContext.Empty, false).ShouldBeTrue();
        scenario.Client.Track("signup", unit: null);
        await scenario.Client.FlushAsync(Cancel);
        scenario.Server.Reports.ShouldBeEmpty();
        scenario.Client.WithoutUnit.ShouldBe(2);
    }

    private static string Without(JsonElement element, string member) =>
        JsonSerializer.Serialize(element.EnumerateObject().Where(m => m.Name != member).ToDictionary(m => m.Name, m => m.Value), Relaxed);

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
