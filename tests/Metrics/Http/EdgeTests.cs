using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Delivery.Testing;

namespace Delivery.Metrics.Tests.Http;

/// <summary>Data and questions at the edge of what can be computed: each answer is a number or a reason, and never a NaN or a failure.</summary>
public sealed class EdgeTests(EdgeTests.Seeded seeded) : IClassFixture<EdgeTests.Seeded>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string?, string?> Outcomes => new()
    {
        // metric, variant, the arm's reason, the comparison's reason
        { "amount", "one", "too-few-units", "too-few-units" },
        { "amount", "same", null, null },
        { "amount", "negative", null, null },
        { "amount", "huge", "saturated", "saturated" },
        { "per-nothing", "same", "zero-denominator", "zero-denominator" },
        { "nobody-does-it", "same", null, "no-variance" },
        { "nobody-does-it", "one", "too-few-units", "too-few-units" },
        { "amount-median", "same", null, null },
        { "amount-median", "negative", "negative-values", "negative-values" },
        { "amount-median", "one", "too-few-units", "too-few-units" },
        { "nothing-median", "same", "no-data", "no-data" },
        { "request-errors", "same", "zero-denominator", "zero-denominator" },
    };

    [Theory]
    [MemberData(nameof(Outcomes))]
    public async Task a_scorecard_gives_a_number_or_a_reason(string metric, string variant, string? arm, string? comparison)
    {
        using var client = seeded.Server.Admin();
        foreach (var test in (string[])["anytime", "fixed"])
        {
            var card = await OkAsync(client.GetAsync($"/api/v1/metrics/scorecard?environment=production&flag=edge&baseline=off&metric={metric}&test={test}", Cancel));

            var score = card["metrics"]!.AsArray().ShouldHaveSingleItem()!;
            var own = score["arms"]!.AsArray().Single(a => a!["variant"]!.GetValue<string>() == variant)!;
            (own["err"]?.GetValue<string>()).ShouldBe(arm);
            (own["value"] is null).ShouldBe(arm is not null);
            var difference = score["comparisons"]!.AsArray().Single(c => c!["variant"]!.GetValue<string>() == variant)!["absolute"]!;
            (difference["err"]?.GetValue<string>()).ShouldBe(comparison);
            (difference["diff"] is null && difference["p"] is null).ShouldBe(comparison is not null);
        }
    }

    [Fact]
    public async Task a_variant_that_nobody_met_and_a_flag_that_nobody_met_are_no_failure()
    {
        using var client = seeded.Server.Admin();

        var empty = await OkAsync(client.GetAsync("/api/v1/metrics/scorecard?environment=production&flag=never-met&baseline=off", Cancel));
        var other = await OkAsync(client.GetAsync("/api/v1/metrics/scorecard?environment=production&flag=edge&baseline=never-served&metric=amount", Cancel));

        empty["arms"]!.AsArray().ShouldBeEmpty();
        empty["metrics"]!.AsArray().Count.ShouldBe(4, "the system's metrics are there without set-up");
        other["metrics"]![0]!["comparisons"]!.AsArray().Select(c => c!["absolute"]!["err"]!.GetValue<string>()).ToHashSet().ShouldBe(["no-data", "saturated"], ignoreOrder: true);
    }

    [Theory]
    [InlineData("amount")]
    [InlineData("per-nothing")]
    [InlineData("nobody-does-it")]
    [InlineData("amount-median")]
    [InlineData("nothing-median")]
    [InlineData("request-errors")]
    [InlineData("request-latency-p95")]
    public async Task series_sums_and_trials_give_a_number_or_a_reason(string metric)
    {
        using var client = seeded.Server.Admin();
        var definition = (await OkAsync(client.GetAsync($"/api/v1/metrics/{metric}", Cancel)))["definition"]!;
        if (definition["tier"]!.GetValue<string>() == "system")
            definition["tier"] = "feature";

        var series = await OkAsync(client.GetAsync($"/api/v1/metrics/{metric}/series?environment=production&flag=edge&step=6h", Cancel));
        var check = await OkAsync(client.GetAsync($"/api/v1/metrics/moments/check?environment=production&flag=edge&metric={metric}", Cancel));
        var trial = await OkAsync(client.PostAsJsonAsync("/api/v1/metrics/try", new { environment = "production", flag = "edge", baseline = "off", metric = definition }, Cancel));
        var card = await OkAsync(client.GetAsync($"/api/v1/metrics/scorecard?environment=production&flag=edge&baseline=off&metric={metric}", Cancel));

        foreach (var bucket in series["lines"]!.AsArray().SelectMany(line => line!["buckets"]!.AsArray()))
            (bucket!["value"] is null).ShouldBe(bucket["err"] is not null);
        check["differences"]!.AsArray().ShouldBeEmpty();
        trial["score"]!["arms"]!.ToJsonString().ShouldBe(card["metrics"]![0]!["arms"]!.ToJsonString(), "a trial says what the saved metric will say");
    }

    [Theory]
    [InlineData("compare", """{"metric":"mean","effect":"absolute","test":"welch2","a":{"n":0,"sum":0,"sumSquares":0},"b":{"n":5,"sum":1,"sumSquares":1}}""", "no-data")]
    [InlineData("compare", """{"metric":"mean","effect":"absolute","test":"asympcs2","a":{"n":1,"sum":1,"sumSquares":1},"b":{"n":5,"sum":1,"sumSquares":1}}""", "too-few-units")]
    [InlineData("compare", """{"metric":"mean","effect":"absolute","test":"welchGreater","a":{"n":5,"sum":5,"sumSquares":5},"b":{"n":5,"sum":5,"sumSquares":5}}""", "no-variance")]
    [InlineData("compare", """{"metric":"mean","effect":"relative","test":"bayes","a":{"n":9,"sum":0,"sumSquares":9},"b":{"n":9,"sum":3,"sumSquares":9}}""", "baseline-not-away-from-zero")]
    [InlineData("compare", """{"metric":"ratio","effect":"absolute","test":"welch2","a":{"m":{"n":9,"sum":1,"sumSquares":1},"d":{"n":9,"sum":0,"sumSquares":0},"md":0},"b":{"m":{"n":9,"sum":1,"sumSquares":1},"d":{"n":9,"sum":9,"sumSquares":9},"md":1}}""", "zero-denominator")]
    [InlineData("compare", """{"metric":"mean","effect":"absolute","test":"welch2","a":{"n":9,"sum":1e300,"sumSquares":1e308},"b":{"n":9,"sum":-1e300,"sumSquares":1e308}}""", null)]
    [InlineData("compare", """{"metric":"mean","effect":"absolute","test":"welch2","a":{"n":9,"sum":90,"sumSquares":1},"b":{"n":9,"sum":1,"sumSquares":1}}""", "inconsistent-sums")]
    [InlineData("compare", """{"metric":"mean","effect":"absolute","test":"welch2","alpha":1e-15,"a":{"n":9,"sum":1,"sumSquares":9},"b":{"n":9,"sum":1,"sumSquares":8}}""", null)]
    [InlineData("compare", """{"metric":"cuped","effect":"relative","test":"welch2","a":{"y":{"n":9,"sum":1,"sumSquares":9},"x":{"n":9,"sum":0,"sumSquares":0},"yx":0},"b":{"y":{"n":9,"sum":1,"sumSquares":8},"x":{"n":9,"sum":0,"sumSquares":0},"yx":0}}""", "baseline-not-away-from-zero")]
    [InlineData("compare", """{"metric":"proportion","effect":"absolute","test":"asympcs2","nStar":1e308,"a":{"n":9223372036854775807,"sum":1},"b":{"n":9,"sum":3}}""", "not-finite")]
    [InlineData("srm", """{"users":[0,0],"weights":[1,1]}""", null)]
    [InlineData("srm", """{"users":[1000000000000000,0],"weights":[1,1000000000000]}""", null)]
    [InlineData("power", """{"standardDeviation":1e-300,"effect":1e299}""", null)]
    [InlineData("power", """{"standardDeviation":1e300,"effect":1e-300}""", null)]
    [InlineData("power", """{"standardDeviation":1,"units":4,"alpha":1e-15}""", null)]
    public async Task statistics_answer_extreme_sums_with_numbers_or_a_reason(string path, string body, string? reason)
    {
        using var client = seeded.Server.Admin();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");

        using var response = await client.PostAsync(new Uri($"/api/v1/statistics/{path}", UriKind.Relative), content, Cancel);

        var text = await response.Content.ReadAsStringAsync(Cancel);
        ((int)response.StatusCode).ShouldBeOneOf([200, 400], text);
        var answer = JsonNode.Parse(text)!;
        if (reason is not null)
            (answer["err"]?.GetValue<string>()).ShouldBe(reason, text);
        if (response.StatusCode == HttpStatusCode.BadRequest)
            answer["errors"]!.AsObject().ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("compare", """{"metric":"mean","effect":"absolute","test":"welch2","a":{"n":9,"sum":1e400,"sumSquares":1},"b":{"n":9,"sum":1,"sumSquares":1}}""", "a.sum")]
    [InlineData("compare", """{"metric":"mean","effect":"absolute","test":"welch2","a":{"n":9,"sum":"NaN","sumSquares":1},"b":{"n":9,"sum":1,"sumSquares":1}}""", "a.sum")]
    [InlineData("compare", """{"metric":"mean","effect":"absolute","test":"welch2","a":{"n":1.5,"sum":1,"sumSquares":1},"b":{"n":9,"sum":1,"sumSquares":1}}""", "a.n")]
    [InlineData("compare", """{"metric":"mean","effect":"absolute","test":"welch2","a":{"n":99999999999999999999,"sum":1,"sumSquares":1},"b":{"n":9,"sum":1,"sumSquares":1}}""", "a.n")]
    [InlineData("compare", """{"metric":"mean","effect":"absolute","test":"welch2","a":{"n":9,"sum":1,"sumSquares":-1},"b":{"n":9,"sum":1,"sumSquares":1}}""", "a.sumSquares")]
    [InlineData("compare", """{"metric":"proportion","effect":"absolute","test":"welch2","a":{"n":9,"sum":-1},"b":{"n":9,"sum":1}}""", "a.sum")]
    [InlineData("compare", """{"metric":"mean","effect":"absolute","test":"welch2","alpha":5e-324,"a":{"n":9,"sum":1,"sumSquares":1},"b":{"n":9,"sum":1,"sumSquares":1}}""", "alpha")]
    [InlineData("compare", """{"metric":"mean","effect":"absolute","test":"asympcs2","nStar":1e999,"a":{"n":9,"sum":1,"sumSquares":1},"b":{"n":9,"sum":1,"sumSquares":1}}""", "nStar")]
    [InlineData("srm", """{"users":[-1,2],"weights":[1,1]}""", "users")]
    [InlineData("srm", """{"users":[99999999999999999999,2],"weights":[1,1]}""", "users[0]")]
    [InlineData("srm", """{"users":[1,2],"weights":[0,1]}""", "weights")]
    [InlineData("srm", """{"users":[1,2],"weights":[1,1e400]}""", "weights")]
    [InlineData("srm", """{"users":[1,2],"weights":[1,1],"alpha":0.1}""", "alpha")]
    [InlineData("power", """{"standardDeviation":0,"effect":1}""", "standardDeviation")]
    [InlineData("power", """{"standardDeviation":1,"effect":1,"alpha":1e-300}""", "alpha")]
    [InlineData("power", """{"standardDeviation":1,"effect":0}""", "effect")]
    [InlineData("power", """{"standardDeviation":1,"effect":1e999}""", "effect")]
    [InlineData("power", """{"baselineMean":0,"standardDeviation":1,"effect":0.1,"relative":true}""", "baselineMean")]
    [InlineData("power", """{"standardDeviation":1,"units":3}""", "units")]
    [InlineData("power", """{"standardDeviation":1,"effect":1,"looks":0}""", "looks")]
    [InlineData("power", """{"standardDeviation":1,"effect":1,"looks":2.5}""", "looks")]
    [InlineData("power", """{"standardDeviation":1,"effect":1,"colour":"red"}""", "colour")]
    public async Task input_out_of_range_names_its_field(string path, string body, string field)
    {
        using var client = seeded.Server.Admin();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");

        await InvalidAsync(client.PostAsync($"/api/v1/statistics/{path}", content, Cancel), field);
    }

    [Theory]
    [InlineData("/api/v1/metrics/scorecard", "environment")]
    [InlineData("/api/v1/metrics/scorecard?environment=production&flag=nothing-of-the-kind", "baseline")]
    [InlineData("/api/v1/metrics/scorecard?environment=production&flag=f%00g&baseline=off", "flag")]
    [InlineData("/api/v1/metrics/scorecard?environment=production&flag=edge&baseline=off&test=peek", "test")]
    [InlineData("/api/v1/metrics/scorecard?environment=production&flag=edge&baseline=off&fromVersion=1.5", "fromVersion")]
    [InlineData("/api/v1/metrics/moments?environment=production&flag=edge", "metric")]
    [InlineData("/api/v1/metrics/moments/check?environment=a%00b&flag=edge&metric=amount", "environment")]
    [InlineData("/api/v1/metrics/moments?environment=production&flag=edge&metric=amount&fromVersion=99999999999999999999", "fromVersion")]
    [InlineData("/api/v1/releases/health?environment=production&flag=edge&variant=a%00b", "variant")]
    public async Task a_question_out_of_range_names_its_field(string path, string field)
    {
        using var client = seeded.Server.Admin();

        await InvalidAsync(client.GetAsync(path, Cancel), field);
    }

    [Theory]
    [InlineData("""{"environment":"production","flag":"edge","metric":{"name":"x","description":"x","kind":"mean","measure":{"event":"e","of":"value"}},"fromVersion":-1}""", "fromVersion")]
    [InlineData("""{"environment":"","flag":"edge","metric":{"name":"x","description":"x","kind":"mean","measure":{"event":"e","of":"value"}}}""", "environment")]
    [InlineData("""{"environment":"production","flag":"edge","metric":{"name":"x","description":"x","kind":"quantile","quantile":1,"measure":{"event":"e","of":"value"}}}""", "metric.quantile")]
    [InlineData("""{"environment":"production","flag":"edge","metric":{"name":"x","description":"x","kind":"mean","cap":1e30,"measure":{"event":"e","of":"value"}}}""", "metric.cap")]
    [InlineData("""{"environment":"production","flag":"edge","metric":{"name":"x","description":"x","kind":"mean","cap":"much","measure":{"event":"e","of":"value"}}}""", "metric.cap")]
    [InlineData("""{"environment":"production","flag":"edge","metric":{"name":"x","description":"x","kind":"mean","colour":1,"measure":{"event":"e","of":"value"}}}""", "metric.colour")]
    [InlineData("""{"environment":"production","flag":"edge","metric":{"name":"x","description":"x","kind":"mean","tier":"system","measure":{"event":"e","of":"value"}}}""", "metric.tier")]
    public async Task a_trial_out_of_range_names_its_field(string body, string field)
    {
        using var client = seeded.Server.Admin();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");

        await InvalidAsync(client.PostAsync("/api/v1/metrics/try", content, Cancel), field);
    }

    private static async Task<JsonNode> OkAsync(Task<HttpResponseMessage> asking)
    {
        using var response = await asking;
        var text = await response.Content.ReadAsStringAsync(Cancel);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        return JsonNode.Parse(text)!;
    }

    private static async Task InvalidAsync(Task<HttpResponseMessage> asking, string field)
    {
        using var response = await asking;
        var text = await response.Content.ReadAsStringAsync(Cancel);
        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest, text);
        JsonNode.Parse(text)!["errors"]!.AsObject().Select(e => e.Key).ShouldContain(field);
    }

    /// <summary>A flag whose variants are each an edge: an ordinary arm, one unit, one value, negative values, values beyond ±1e9.</summary>
    public sealed class Seeded(PostgresFixture postgres) : IAsyncLifetime
    {
        private static readonly (string Variant, int Units, Func<int, double> Value)[] Arms =
        [
            ("off", 150, n => n % 10), ("one", 1, _ => 1), ("same", 150, _ => 4), ("negative", 150, n => -1 - n % 5), ("huge", 150, _ => 9_000_000_000_000),
        ];

        private DeliveryServer? _server;

        public DeliveryServer Server => _server ?? throw new InvalidOperationException("not started");

        public async ValueTask InitializeAsync()
        {
            _server = new DeliveryServer(await postgres.CreateDatabaseAsync("edge"));
            using var client = _server.Admin();
            var start = TimeProvider.System.GetUtcNow().AddHours(-1);
            var units = Arms.SelectMany(arm => Enumerable.Range(0, arm.Units).Select(n => (Unit: $"{arm.Variant}-{n}", arm.Variant, Value: arm.Value(n)))).ToList();
            await client.SendAsync("/sdk/v1/exposures", units.Select((u, n) => Traffic.Exposure(n, "edge", u.Variant, 1, u.Unit, start)), null, null, Cancel);
            await client.SendAsync("/sdk/v1/events", units.SelectMany((u, n) => Enumerable.Range(0, u.Variant == "one" ? 1 : 2).Select(k =>
            {
                var paid = Traffic.Event(2 * n + k, "paid", u.Unit, start.AddMinutes(1 + k));
                paid["value"] = u.Value;
                return paid;
            })), null, null, Cancel);
            await client.DefineAsync("amount", """{"name":"Amount","description":"Paid.","kind":"mean","measure":{"event":"paid","of":"value"}}""");
            await client.DefineAsync("per-nothing", """{"name":"Per nothing","description":"Paid per visit; nobody visits.","kind":"ratio","measure":{"event":"paid","of":"value"},"per":{"event":"visit"}}""");
            await client.DefineAsync("nobody-does-it", """{"name":"Nobody","description":"Nobody does it.","kind":"conversion","measure":{"event":"never"}}""");
            await client.DefineAsync("amount-median", """{"name":"Median","description":"Median paid.","kind":"quantile","quantile":0.5,"measure":{"event":"paid","of":"value"}}""");
            await client.DefineAsync("nothing-median", """{"name":"Median","description":"Median of nothing.","kind":"quantile","quantile":0.5,"measure":{"event":"never","of":"value"}}""");
        }

        public async ValueTask DisposeAsync()
        {
            if (_server is not null)
                await _server.DisposeAsync();
        }
    }
}
