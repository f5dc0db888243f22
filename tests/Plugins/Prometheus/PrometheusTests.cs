using Delivery.Plugins.Compliance;
using Delivery.Plugins.Measuring;
using Delivery.Plugins.Prometheus;
using Delivery.Plugins.Tests.Hosting;

namespace Delivery.Plugins.Tests.Prometheus;

[Collection(typeof(OnPrometheus))]
public sealed class PrometheusCompliance(ScrapedService service) : MetricSourceCompliance
{
    protected override Task<IMetricSourceHarness> StartAsync(CancellationToken cancellationToken)
    {
        Assert.SkipWhen(PrometheusServer.Program is null, "prometheus is not installed (Debian: apt-get install prometheus)");
        return Task.FromResult<IMetricSourceHarness>(new PrometheusHarness(service));
    }
}

/// <summary>What the source does beyond the contract.</summary>
[Collection(typeof(OnPrometheus))]
public sealed class PrometheusTests(ScrapedService service) : IAsyncLifetime
{
    private PrometheusHarness _harness = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        Assert.SkipWhen(PrometheusServer.Program is null, "prometheus is not installed (Debian: apt-get install prometheus)");
        _harness = new PrometheusHarness(service);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (_harness is not null)
            await _harness.DisposeAsync();
    }

    [Fact]
    public async Task a_process_that_restarts_loses_no_count()
    {
        var from = _harness.Now;
        await RecordAsync(_harness.Stable, 100, failed: 30);
        await service.ShowsAsync(service.Exporter.Restart(_harness.Stable), Token);
        await RecordAsync(_harness.Stable, 40, failed: 20);
        (await CountsAsync(_harness.Source, "http", from)).ShouldBe(new ArmStatistics.Counts(140, 50));
    }

    [Fact]
    public async Task what_was_counted_before_the_window_does_not_count()
    {
        await RecordAsync(_harness.Stable, 100, failed: 3);
        var from = _harness.Now;
        await RecordAsync(_harness.Stable, 7, failed: 0);
        (await CountsAsync(_harness.Source, "http", from)).ShouldBe(new ArmStatistics.Counts(7, 0));
    }

    [Fact]
    public async Task a_counter_that_nobody_saw_begin_counts_from_its_first_sample()
    {
        await RecordAsync(_harness.Stable, 100, failed: 3);
        var before = _harness.Now.AddDays(-1);
        (await CountsAsync(_harness.Source, "http", before)).ShouldBe(new ArmStatistics.Counts(0, 0));
        var options = PrometheusHarness.Options(service.Server.Url);
        options.Metrics["http"].BeginsAtZero = true;
        (await CountsAsync(_harness.SourceOf(options), "http", before)).ShouldBe(new ArmStatistics.Counts(100, 3));
    }

    [Fact]
    public async Task a_window_that_grows_is_counted_as_if_it_were_asked_for_the_first_time()
    {
        var from = _harness.Now.AddMinutes(-25);
        await RecordAsync(_harness.Stable, 10, failed: 1);
        var growing = _harness.SourceOf(PrometheusHarness.Options(service.Server.Url));
        await CountsAsync(growing, "http", from);
        for (var i = 0; i < 3; i++)
        {
            await RecordAsync(_harness.Stable, 10, failed: 1);
            (await CountsAsync(growing, "http", from)).ShouldBe(await CountsAsync(_harness.SourceOf(PrometheusHarness.Options(service.Server.Url)), "http", from));
        }

        (await CountsAsync(growing, "http", from)).ShouldBe(new ArmStatistics.Counts(30, 3), "the first ten were there when it was first seen");
    }

    [Fact]
    public async Task a_native_histogram_has_every_value_in_its_bucket()
    {
        var from = _harness.Now;
        await RecordAsync(_harness.Stable, 100, failed: 0, seconds: 0.1);
        await RecordAsync(_harness.Stable, 40, failed: 0, seconds: 0.4);
        await service.Server.UntilAsync($"histogram_count(http_request_native_seconds{{deployment=\"{_harness.Stable}\"}})", count => count == 140, Token);
        var histogram = (await ReadingAsync(_harness.Source, "native", from)).Statistics.ShouldBeOfType<ArmStatistics.Histogram>();
        histogram.Buckets.Where(b => b.Count > 0).Select(b => (b.From < 100_000 && 100_000 <= b.To, b.From < 400_000 && 400_000 <= b.To, b.Count)).ShouldBe([(true, false, 100L), (false, true, 40L)]);
        histogram.Buckets.ShouldAllBe(b => b.To - b.From < b.From / 8, "eight buckets for each power of two");
        histogram.Sum.ShouldNotBeNull().ShouldBe(26_000_000);
    }

    [Fact]
    public async Task a_histogram_in_milliseconds_is_scaled()
    {
        var options = PrometheusHarness.Options(service.Server.Url);
        options.Metrics["latency"].Scale = 0.001;
        var from = _harness.Now;
        await RecordAsync(_harness.Stable, 1, failed: 0, seconds: 0.1);
        var histogram = (await ReadingAsync(_harness.SourceOf(options), "latency", from)).Statistics.ShouldBeOfType<ArmStatistics.Histogram>();
        histogram.Buckets.Single(b => b.Count > 0).ShouldBe(new Bucket(50, 250, 1));
        histogram.Buckets[^1].To.ShouldBe(long.MaxValue);
        histogram.Sum.ShouldBe(100);
    }

    [Fact]
    public async Task a_secured_prometheus_lets_in_who_trusts_it_and_is_trusted()
    {
        var secured = await service.SecuredAsync(Token);
        var source = _harness.SourceOf(PrometheusHarness.Secured(secured, PrometheusServer.Password, secured.CertificateFile));
        (await source.CheckAsync(Token)).ShouldBeOfType<PluginResult<SourceCheck>.Ok>().Value.Backend.ShouldStartWith("Prometheus 2.");
        (await source.QueryAsync(Query("http", _harness.Now.AddMinutes(-1)), Token)).ShouldBeOfType<MetricAnswer.NoData>();
    }

    [Fact]
    public async Task a_check_finds_a_mistyped_metric_and_a_mistyped_label()
    {
        await RecordAsync(_harness.Stable, 1, failed: 0);
        (await _harness.Source.CheckAsync(Token)).ShouldBeOfType<PluginResult<SourceCheck>.Ok>().Value.Findings.ShouldBeEmpty();
        var options = PrometheusHarness.Options(service.Server.Url);
        options.Metrics["http"] = new() { Trials = "http_request_total{deployment=\"$arm\"}", Events = "http_requests_total{deployment=\"$arm\",cod=~\"5..\"}" };
        var findings = (await _harness.SourceOf(options).CheckAsync(Token)).ShouldBeOfType<PluginResult<SourceCheck>.Ok>().Value.Findings;
        findings.Select(f => f.Field).ShouldBe(["Metrics:http:Trials", "Metrics:http:Events"]);
        findings[0].Accepted.ShouldContain("http_request_total had none");
        findings[1].Accepted.ShouldContain("it has no cod");
    }

    [Fact]
    public async Task a_query_that_prometheus_can_not_read_is_an_invalid_intent()
    {
        var options = PrometheusHarness.Options(service.Server.Url);
        options.Metrics["http"].Trials = "http_requests_total{deployment=\"$arm\",code=~\"([\"}";
        var error = (await _harness.SourceOf(options).QueryAsync(Query("http", _harness.Now.AddMinutes(-1)), Token)).ShouldBeOfType<MetricAnswer.Error>().Reason;
        error.Kind.ShouldBe(PluginErrorKind.InvalidIntent);
        error.Message.ShouldContain("400");
    }

    [Theory]
    [InlineData("401 Unauthorized", "", PluginErrorKind.Unauthorized)]
    [InlineData("422 Unprocessable Entity", """{"status":"error","errorType":"execution","error":"too many samples"}""", PluginErrorKind.InvalidIntent)]
    [InlineData("429 Too Many Requests", "", PluginErrorKind.Throttled)]
    [InlineData("503 Service Unavailable", """{"status":"error","errorType":"timeout","error":"query timed out"}""", PluginErrorKind.Timeout)]
    [InlineData("503 Service Unavailable", "Service Unavailable", PluginErrorKind.Unavailable)]
    [InlineData("302 Found", "", PluginErrorKind.Internal)]
    [InlineData("200 OK", """{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,2]]}]}}""", PluginErrorKind.Internal)]
    public async Task a_status_has_its_kind(string status, string body, PluginErrorKind kind)
    {
        await using var backend = FaultyBackend.CutInTheMiddle($"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {body.Length}\r\nRetry-After: 7\r\n\r\n{body}");
        var error = (await SourceOf(backend).QueryAsync(Query("http", _harness.Now.AddMinutes(-1)), Token)).ShouldBeOfType<MetricAnswer.Error>().Reason;
        error.Kind.ShouldBe(kind);
        if (body.Contains("too many", StringComparison.Ordinal))
            error.Message.ShouldContain("too many samples");
        if (kind == PluginErrorKind.Throttled)
            error.RetryAfter.ShouldBe(TimeSpan.FromSeconds(7));
    }

    [Fact]
    public async Task an_answer_with_a_warning_is_partial()
    {
        const string Body = """{"status":"success","warnings":["a store is down"],"data":{"resultType":"matrix","result":[]}}""";
        await using var backend = FaultyBackend.CutInTheMiddle($"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {Body.Length}\r\n\r\n{Body}");
        (await SourceOf(backend).QueryAsync(Query("http", _harness.Now.AddMinutes(-1)), Token)).ShouldBeOfType<MetricAnswer.NoData>().Why.ShouldContain("a store is down");
    }

    [Fact]
    public async Task one_that_does_not_answer_is_left_after_its_time()
    {
        await using var backend = FaultyBackend.Silent();
        var options = PrometheusHarness.Options(new Uri($"http://127.0.0.1:{backend.Port}"));
        options.Seconds = 0.2;
        (await _harness.SourceOf(options).QueryAsync(Query("http", _harness.Now.AddMinutes(-1)), Token)).ShouldBeOfType<MetricAnswer.Error>().Reason.Kind.ShouldBe(PluginErrorKind.Timeout);
    }

    [Fact]
    public async Task it_is_loaded_from_its_folder_and_shows_no_secret()
    {
        var secured = await service.SecuredAsync(Token);
        var password = Path.GetTempFileName();
        await File.WriteAllTextAsync(password, PrometheusServer.Password, Token);
        using var folder = new PluginFolder().Copy("Prometheus", BuiltPlugins.FolderOf("Prometheus"));
        await using var hosted = await Hosted.StartAsync(
            folder,
            ("Instances:numbers:Plugin", "prometheus"),
            ("Instances:numbers:Options:Url", secured.Url.ToString()),
            ("Instances:numbers:Options:User", PrometheusServer.User),
            ("Instances:numbers:Options:Password", $"secret:file:{password}"),
            ("Instances:numbers:Options:CertificateAuthority", secured.CertificateFile),
            ("Instances:numbers:Options:Metrics:http:Trials", "http_requests_total{deployment=\"$arm\"}"),
            ("Instances:numbers:Options:Metrics:http:Events", "http_requests_total{deployment=\"$arm\",code=~\"5..\"}"));
        (await hosted.Plugins.Source("numbers")!.QueryAsync(Query("http", _harness.Now.AddMinutes(-1)), Token)).ShouldBeOfType<MetricAnswer.NoData>();
        var check = (await hosted.Report.CheckAsync("numbers", Token))!;
        check.Findings.Select(f => f.Subject).ShouldBe(["Metrics:http:Trials", "Metrics:http:Events"]);
        System.Text.Json.JsonSerializer.Serialize(hosted.Report.List()).ShouldNotContain(PrometheusServer.Password);
        File.Delete(password);
    }

    [Fact]
    public void options_that_contradict_each_other_are_named()
    {
        var options = new PrometheusOptions
        {
            Url = new Uri("http://user:secret@127.0.0.1"),
            User = "somebody",
            CertificateAuthority = "/nowhere.pem",
            Metrics =
            {
                ["ratio"] = new() { Trials = "sum(rate(http_requests_total{deployment=\"$arm\"}[1m]))", Events = "http_requests_total{code=\"500\"}" },
                ["mean"] = new() { Shape = MetricShape.Moments },
                ["time"] = new() { Shape = MetricShape.Histogram, Trials = "x{a=\"$arm\"}", Values = "y" },
            },
        };
        ((IPlugin)new PrometheusPlugin()).Faults(options).Select(f => f.Field).ShouldBe(
            ["Url", "Password", "CertificateAuthority", "Metrics:ratio:Trials", "Metrics:ratio:Events", "Metrics:mean:Shape", "Metrics:time:Trials", "Metrics:time:Values"]);
    }

    [Fact]
    public void an_arms_name_can_not_break_out_of_its_quotes()
    {
        Selector.Parse("m{a=\"$arm\",r=\"$route\"}")!.For("x\"} or vector(1) #\\", "shop").ShouldBe("m{a=\"x\\\"} or vector(1) #\\\\\",r=\"shop\"}");
        Selector.Parse("m{a=\"$arm\"} or vector(1)").ShouldBeNull();
        Selector.Parse("m").ShouldBeNull();
    }

    private IMetricSource SourceOf(FaultyBackend backend) => _harness.SourceOf(PrometheusHarness.Options(new Uri($"http://127.0.0.1:{backend.Port}")));

    private Task RecordAsync(string arm, int count, int failed, double seconds = 0.1) =>
        _harness.RecordAsync(arm, [.. Enumerable.Range(0, count).Select(i => new RecordedRequest(TimeSpan.FromSeconds(seconds), i < failed))], Token);

    private MetricQuery Query(string metric, DateTimeOffset from) => new(metric, "shop", [_harness.Stable], from, _harness.Now);

    private async Task<ArmReading> ReadingAsync(IMetricSource source, string metric, DateTimeOffset from) =>
        (await source.QueryAsync(Query(metric, from), Token)).ShouldBeOfType<MetricAnswer.Ok>().Reading.Arms.ShouldHaveSingleItem();

    private async Task<ArmStatistics.Counts> CountsAsync(IMetricSource source, string metric, DateTimeOffset from) =>
        (await ReadingAsync(source, metric, from)).Statistics.ShouldBeOfType<ArmStatistics.Counts>();
}
