using Delivery.Plugins.Measuring;

namespace Delivery.Plugins.Compliance;

/// <summary>What every metric source must pass. Inherit it once and give the harness.</summary>
public abstract class MetricSourceCompliance : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private IMetricSourceHarness? _harness;
    private DateTimeOffset _from;

    /// <summary>The harness of this test.</summary>
    protected IMetricSourceHarness Harness => _harness ?? throw new InvalidOperationException("the test has not started");

    /// <summary>The test's token.</summary>
    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Starts a backend with its source.</summary>
    protected abstract Task<IMetricSourceHarness> StartAsync(CancellationToken cancellationToken);

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        _harness = await StartAsync(Token);
        _from = _harness.Now;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_harness is not null)
            await _harness.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task a_check_reaches_the_backend()
    {
        (await Harness.Source.CheckAsync(Token)).ShouldBeOfType<PluginResult<SourceCheck>.Ok>().Value.Backend.ShouldNotBeEmpty();
        Harness.Source.Descriptor.Metrics.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task counts_are_counted_per_arm()
    {
        var metric = Metric(MetricShape.Counts);
        await RecordBothAsync();
        var reading = Reading(await Harness.Source.QueryAsync(metric, Token));
        reading.Arms.Select(a => a.Arm).ShouldBe([Harness.Stable, Harness.Canary]);
        reading.Arms[0].Statistics.ShouldBe(new ArmStatistics.Counts(100, 3));
        reading.Arms[1].Statistics.ShouldBe(new ArmStatistics.Counts(40, 20));
        reading.Watermark.ShouldBeLessThanOrEqualTo(metric.To);
        reading.Arms.ShouldAllBe(a => a.LastSampleAt >= metric.From && a.LastSampleAt <= metric.To);
    }

    [Fact]
    public async Task moments_are_sums_and_not_averages()
    {
        var metric = Metric(MetricShape.Moments);
        await RecordBothAsync();
        var reading = Reading(await Harness.Source.QueryAsync(metric, Token));
        reading.Arms[0].Statistics.ShouldBe(new ArmStatistics.Moments(100, 100 * 100_000, (Int128)100 * 100_000 * 100_000));
        reading.Arms[1].Statistics.ShouldBe(new ArmStatistics.Moments(40, 40 * 400_000, (Int128)40 * 400_000 * 400_000));
    }

    [Fact]
    public async Task a_histogram_has_every_value_in_its_bucket()
    {
        var metric = Metric(MetricShape.Histogram);
        await RecordBothAsync();
        var reading = Reading(await Harness.Source.QueryAsync(metric, Token));
        foreach (var (arm, micros, count) in new[] { (0, 100_000L, 100L), (1, 400_000L, 40L) })
        {
            var buckets = reading.Arms[arm].Statistics.ShouldBeOfType<ArmStatistics.Histogram>().Buckets;
            buckets.Sum(b => b.Count).ShouldBe(count);
            buckets.Where(b => b.Count > 0).ShouldAllBe(b => b.From <= micros && micros <= b.To);
            buckets.Zip(buckets.Skip(1)).ShouldAllBe(pair => pair.First.To <= pair.Second.From);
        }
    }

    [Fact]
    public async Task no_data_is_not_zero()
    {
        foreach (var shape in Enum.GetValues<MetricShape>().Where(s => Harness.MetricOf(s) is not null))
            (await Harness.Source.QueryAsync(Metric(shape), Token)).ShouldBeOfType<MetricAnswer.NoData>().Why.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task one_arm_alone_is_partial()
    {
        var metric = Metric(MetricShape.Counts);
        await Harness.RecordAsync(Harness.Stable, Requests(10, 1, 0.1), Token);
        var partial = (await Harness.Source.QueryAsync(metric with { To = Harness.Now }, Token)).ShouldBeOfType<MetricAnswer.Partial>();
        partial.Reading.Arms.ShouldHaveSingleItem().Arm.ShouldBe(Harness.Stable);
        partial.Why.ShouldContain(Harness.Canary);
    }

    [Fact]
    public async Task old_data_is_stale()
    {
        var metric = Metric(MetricShape.Counts);
        await RecordBothAsync();
        var stale = (await Harness.Source.QueryAsync(metric with { To = Harness.Now.AddMinutes(3), StaleAfter = TimeSpan.FromMinutes(1) }, Token))
            .ShouldBeOfType<MetricAnswer.Stale>();
        stale.Age.ShouldBeGreaterThan(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task the_same_question_gives_the_same_answer()
    {
        var metric = Metric(MetricShape.Counts);
        await RecordBothAsync();
        metric = metric with { To = Harness.Now };
        var first = Reading(await Harness.Source.QueryAsync(metric, Token));
        Reading(await Harness.Source.QueryAsync(metric, Token)).Arms.ShouldBe(first.Arms);
    }

    [Fact]
    public async Task windows_add_up()
    {
        var metric = Metric(MetricShape.Counts);
        await RecordBothAsync();
        var middle = Harness.Now;
        await Harness.RecordAsync(Harness.Canary, Requests(7, 5, 0.1), Token);
        Reading(await Harness.Source.QueryAsync(metric with { From = middle, Arms = [Harness.Canary] }, Token)).Arms.ShouldHaveSingleItem().Statistics.ShouldBe(new ArmStatistics.Counts(7, 5));
        Reading(await Harness.Source.QueryAsync(metric with { To = middle }, Token)).Arms[1].Statistics.ShouldBe(new ArmStatistics.Counts(40, 20));
        Reading(await Harness.Source.QueryAsync(metric, Token)).Arms[1].Statistics.ShouldBe(new ArmStatistics.Counts(47, 25));
    }

    [Fact]
    public async Task many_may_ask_at_once()
    {
        var metric = Metric(MetricShape.Counts);
        await RecordBothAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Harness.Source.QueryAsync(metric, Token).AsTask()));
        answers.ShouldAllBe(a => Reading(a).Arms[0].Statistics == new ArmStatistics.Counts(100, 3));
    }

    [Fact]
    public async Task a_cancelled_question_ends()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => Harness.Source.QueryAsync(AnyMetric(), cancelled.Token).AsTask());
    }

    [Fact]
    public async Task an_unknown_metric_is_not_found_and_the_known_ones_are_named()
    {
        var query = new MetricQuery("mistyped", Harness.Route, [Harness.Stable, Harness.Canary], _from, Harness.Now.AddSeconds(1));
        var error = (await Harness.Source.QueryAsync(query, Token)).ShouldBeOfType<MetricAnswer.Error>().Reason;
        error.Kind.ShouldBe(PluginErrorKind.NotFound);
        error.Message.ShouldContain(Harness.Source.Descriptor.Metrics[0].Name);
        Harness.Source.Explain(query).ShouldBeOfType<PluginResult<NativeQuery>.Failed>().Error.Kind.ShouldBe(PluginErrorKind.NotFound);
    }

    [Fact]
    public void the_native_query_can_be_seen()
    {
        foreach (var metric in Harness.Source.Descriptor.Metrics)
        {
            var native = Harness.Source.Explain(new MetricQuery(metric.Name, Harness.Route, [Harness.Stable, Harness.Canary], _from, _from.AddMinutes(1)))
                .ShouldBeOfType<PluginResult<NativeQuery>.Ok>().Value;
            native.Language.ShouldNotBeEmpty();
            native.Texts.ShouldNotBeEmpty();
        }
    }

    [Theory]
    [InlineData(BackendFault.Down, PluginErrorKind.Unavailable)]
    [InlineData(BackendFault.Nonsense, PluginErrorKind.Internal)]
    [InlineData(BackendFault.CertificateWrong, PluginErrorKind.Unauthorized)]
    [InlineData(BackendFault.CredentialsWrong, PluginErrorKind.Unauthorized)]
    [InlineData(BackendFault.CutInTheMiddle, PluginErrorKind.Unavailable)]
    public async Task a_backends_fault_is_named(BackendFault fault, PluginErrorKind kind)
    {
        var source = await WithFaultOrSkipAsync(fault);
        (await source.QueryAsync(AnyMetric(), Token)).ShouldBeOfType<MetricAnswer.Error>().Reason.Kind.ShouldBe(kind);
        (await source.CheckAsync(Token)).ShouldBeOfType<PluginResult<SourceCheck>.Failed>().Error.Kind.ShouldBe(kind);
    }

    [Fact]
    public async Task a_backend_that_does_not_answer_is_left_when_the_token_says_so()
    {
        var source = await WithFaultOrSkipAsync(BackendFault.Silent);
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            (await source.QueryAsync(AnyMetric(), patience.Token).AsTask().WaitAsync(TimeSpan.FromMinutes(1), Token))
                .ShouldBeOfType<MetricAnswer.Error>().Reason.Kind.ShouldBe(PluginErrorKind.Timeout);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            Token.ThrowIfCancellationRequested();
        }
    }

    [Fact]
    public async Task a_backend_that_restarts_is_unavailable_and_then_answers_as_before()
    {
        var metric = Metric(MetricShape.Counts);
        await RecordBothAsync();
        metric = metric with { To = Harness.Now };
        var before = Reading(await Harness.Source.QueryAsync(metric, Token));
        if (!await Harness.StopBackendAsync(Token))
            Assert.Skip("this backend can't be stopped alone");
        try
        {
            (await Harness.Source.QueryAsync(metric, Token)).ShouldBeOfType<MetricAnswer.Error>().Reason.Kind.ShouldBe(PluginErrorKind.Unavailable);
            (await Harness.Source.CheckAsync(Token)).ShouldBeOfType<PluginResult<SourceCheck>.Failed>().Error.Kind.ShouldBe(PluginErrorKind.Unavailable);
        }
        finally
        {
            await Harness.StartBackendAsync(Token);
        }

        Reading(await Harness.Source.QueryAsync(metric, Token)).Arms.ShouldBe(before.Arms);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(BackendFault.Down)]
    [InlineData(BackendFault.Silent)]
    [InlineData(BackendFault.Nonsense)]
    [InlineData(BackendFault.CertificateWrong)]
    [InlineData(BackendFault.CredentialsWrong)]
    [InlineData(BackendFault.CutInTheMiddle)]
    public async Task no_thread_and_no_socket_is_left_behind_over_1000_repeats(BackendFault? fault)
    {
        var source = fault is null ? Harness.Source : await WithFaultOrSkipAsync(fault.Value);
        await LeftOvers.NoneAfterRepeatsAsync(token => source.QueryAsync(AnyMetric(), token).AsTask(), silent: fault == BackendFault.Silent, Token);
    }

    private static MetricReading Reading(MetricAnswer answer)
    {
        if (answer is MetricAnswer.Error error)
            Assert.Fail($"{error.Reason.Kind}: {error.Reason.Message}");
        return answer.ShouldBeOfType<MetricAnswer.Ok>().Reading;
    }

    private static List<RecordedRequest> Requests(int count, int failed, double seconds) =>
        [.. Enumerable.Range(0, count).Select(i => new RecordedRequest(TimeSpan.FromSeconds(seconds), i < failed))];

    private async Task RecordBothAsync()
    {
        await Harness.RecordAsync(Harness.Stable, Requests(100, 3, 0.1), Token);
        await Harness.RecordAsync(Harness.Canary, Requests(40, 20, 0.4), Token);
    }

    private MetricQuery Metric(MetricShape shape)
    {
        if (Harness.MetricOf(shape) is not { } name)
        {
            Assert.Skip($"this source has no {shape}");
            throw new InvalidOperationException();
        }

        return new MetricQuery(name, Harness.Route, [Harness.Stable, Harness.Canary], _from, Harness.Now.AddSeconds(30));
    }

    private MetricQuery AnyMetric() => new(
        Harness.Source.Descriptor.Metrics[0].Name, Harness.Route, [Harness.Stable, Harness.Canary], _from, Harness.Now.AddSeconds(1));

    private async Task<IMetricSource> WithFaultOrSkipAsync(BackendFault fault)
    {
        if (await Harness.WithFaultAsync(fault, Token) is { } source)
            return source;
        Assert.Skip($"this backend can't be {fault}");
        throw new InvalidOperationException();
    }
}
