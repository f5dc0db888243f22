using System.Runtime.Loader;
using Delivery.Plugins.Compliance;
using Delivery.Plugins.Measuring;
using Delivery.Plugins.Sql;
using Delivery.Plugins.Tests.Hosting;

namespace Delivery.Plugins.Tests.Sql;

[CollectionDefinition]
public sealed class OnWarehouse : ICollectionFixture<Warehouse>;

[Collection(typeof(OnWarehouse))]
public sealed class SqlCompliance(Warehouse warehouse) : MetricSourceCompliance
{
    protected override Task<IMetricSourceHarness> StartAsync(CancellationToken cancellationToken) => Task.FromResult<IMetricSourceHarness>(new SqlHarness(warehouse));
}

/// <summary>What the source does beyond the contract.</summary>
[Collection(typeof(OnWarehouse))]
public sealed class SqlTests(Warehouse warehouse) : IAsyncLifetime
{
    private const string Running = "select count(*) from pg_stat_activity where application_name = 'delivery' and state = 'active' and query like '%pg_sleep(30)%'";
    private const string Sleeps = "select arm, 1 as trials, 0 as events, now() as last_at from unnest(@arms) as arm, pg_sleep(30) where @from < @to";

    private readonly SqlHarness _harness = new(warehouse);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Fact]
    public async Task a_cancelled_query_is_cancelled_at_the_server()
    {
        var source = _harness.With(o => (o.Seconds, o.Metrics["http"].Query) = (60, Sleeps));
        using var cancelled = new CancellationTokenSource();
        var asked = source.QueryAsync(Query("http"), cancelled.Token).AsTask();
        await RunningAsync(1);
        await cancelled.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => asked);
        await RunningAsync(0);
    }

    [Fact]
    public async Task a_query_that_takes_too_long_is_ended_by_the_server()
    {
        var source = _harness.With(o => (o.Seconds, o.Metrics["http"].Query) = (0.2, Sleeps));
        var error = await ErrorAsync(source);
        error.Kind.ShouldBe(PluginErrorKind.Timeout);
        error.Message.ShouldContain("statement timeout");
        await RunningAsync(0);
    }

    [Theory]
    [InlineData("select arm, writes() as trials, 0 as events, now() as last_at from unnest(@arms) as arm where @from < @to", PluginErrorKind.InvalidIntent, "read-only transaction")]
    [InlineData("select arm, set_config('transaction_read_only', 'off', false)::int as trials, 0 as events, now() as last_at from unnest(@arms) as arm where @from < @to", PluginErrorKind.InvalidIntent, "25001")]
    [InlineData("with gone as (delete from requests returning arm) select arm, 1 as trials, 0 as events, now() as last_at from gone where arm = any(@arms) and @from < @to", PluginErrorKind.InvalidIntent, "0A000")]
    [InlineData("select arm, 1 as trials, 0 as events, now() as last_at into taken from unnest(@arms) as arm where @from < @to", PluginErrorKind.InvalidIntent, "42601")]
    [InlineData("select arm, x as trials, 0 as events, now() as last_at from secrets, unnest(@arms) as arm where @from < @to", PluginErrorKind.Unauthorized, "42501")]
    [InlineData("select arm, 1 / 0 as trials, 0 as events, now() as last_at from unnest(@arms) as arm where @from < @to", PluginErrorKind.InvalidIntent, "division by zero")]
    [InlineData("select arm, 1 as tries, 0 as events, now() as last_at from unnest(@arms) as arm where @from < @to", PluginErrorKind.InvalidIntent, "trials")]
    [InlineData("select arm, 1 as trials, 2 as events, now() as last_at from unnest(@arms) as arm where @from < @to", PluginErrorKind.InvalidIntent, "not 2 of 1")]
    [InlineData("select 'x' as arm, 1 as trials, 0 as events, now() as last_at from unnest(@arms) as arm where @from < @to", PluginErrorKind.InvalidIntent, "not of 'x'")]
    [InlineData("select a.arm, 1 as trials, 0 as events, now() as last_at from unnest(@arms) as a(arm), generate_series(1, 2) where @from < @to", PluginErrorKind.InvalidIntent, "one row for each arm")]
    public async Task a_query_that_is_none_or_may_not_is_refused_with_the_reason(string query, PluginErrorKind kind, string reason)
    {
        await _harness.RecordAsync(_harness.Stable, [new RecordedRequest(TimeSpan.FromSeconds(1), false)], Token);
        var before = await warehouse.ScalarAsync("select count(*) from requests");
        var error = await ErrorAsync(_harness.With(o => o.Metrics["http"].Query = query));
        error.Kind.ShouldBe(kind);
        error.Message.ShouldContain(reason);
        (await warehouse.ScalarAsync("select count(*) from requests")).ShouldBe(before);
    }

    [Theory]
    [InlineData("")]
    [InlineData("delete from requests where arm = any(@arms) and at >= @from and at < @to")]
    [InlineData("select 1 where 'x' = any(@arms) and @from < @to; drop table requests")]
    [InlineData("select 1 where 'x' = any(@arms) and @from < @to; select 2")]
    [InlineData("explain analyze select 1 where 'x' = any(@arms) and @from < @to")]
    [InlineData("select arm from requests where at >= @from and at < @to")]
    [InlineData("select arm from requests where arm = any(@arms) and at >= @since and @from < @to")]
    [InlineData("select arm from requests where arm = any(@arms) and at >= $1 and @from < @to")]
    [InlineData("select 'open from requests where arm = any(@arms) and @from < @to")]
    [InlineData("select /* open from requests where arm = any(@arms) and @from < @to")]
    [InlineData("select $x$ open from requests where arm = any(@arms) and @from < @to")]
    public void a_template_that_is_not_one_select_is_refused_at_the_start(string query)
    {
        var options = _harness.Options();
        options.Metrics["http"].Query = query;
        ((IPlugin)new SqlPlugin()).Faults(options).ShouldHaveSingleItem().Field.ShouldBe("Metrics:http:Query");
    }

    [Fact]
    public void texts_names_and_comments_are_left_as_they_are()
    {
        const string Query = "/* @x; /* ; */ */ select 'a;@b''', E'\\'@c;', \"@d;\", $q$@e;$q$, a @> b, @ 5 -- @f;\n from t where @from = any(@arms) and @to > '@to' ; -- the end";
        var template = SqlTemplate.Parse(Query).Template.ShouldNotBeNull();
        template.Parameters.ShouldBe(["from", "arms", "to"]);
        template.Numbered().ShouldBe("/* @x; /* ; */ */ select 'a;@b''', E'\\'@c;', \"@d;\", $q$@e;$q$, a @> b, @ 5 -- @f;\n from t where $4 = any($1) and $5 > '@to'  -- the end");
    }

    [Fact]
    public async Task what_is_explained_can_be_run_as_it_is()
    {
        await _harness.RecordAsync(_harness.Stable, [new RecordedRequest(TimeSpan.FromSeconds(1), false)], Token);
        var native = ((PluginResult<NativeQuery>.Ok)_harness.Source.Explain(Query("http") with { Arms = [_harness.Stable, "o'clock"] })).Value;
        native.Language.ShouldBe("SQL");
        (await warehouse.ScalarAsync(native.Texts.Single())).ShouldBe(_harness.Stable);
    }

    [Fact]
    public async Task sums_have_more_digits_than_a_double()
    {
        await warehouse.RunAsync($"insert into requests select '{_harness.Stable}', now(), 123456789012.345678, false from generate_series(1, 3)");
        var moments = (await _harness.Source.QueryAsync(Query("duration") with { From = _harness.Now.AddMinutes(-1) }, Token)).ShouldBeOfType<MetricAnswer.Ok>().Reading.Arms.Single().Statistics;
        moments.ShouldBe(new ArmStatistics.Moments(3, 3 * (Int128)123456789012345678, 3 * (Int128)123456789012345678 * 123456789012345678));
    }

    [Fact]
    public async Task a_check_finds_a_role_that_may_do_everything_and_a_query_that_fails()
    {
        (await _harness.Source.CheckAsync(Token)).ShouldBeOfType<PluginResult<SourceCheck>.Ok>().Value.Findings.ShouldBeEmpty();
        await warehouse.RunAsync("create role everything superuser login password 'x'");
        var source = _harness.With(o => (o.User, o.Password, o.Metrics["http"].Query) = ("everything", new Secret("x"), "select arm from nowhere where arm = any(@arms) and @from < @to"));
        var check = (await source.CheckAsync(Token)).ShouldBeOfType<PluginResult<SourceCheck>.Ok>().Value;
        check.Backend.ShouldStartWith("PostgreSQL 1");
        check.Findings.Select(f => f.Field).ShouldBe(["User", "Metrics:http:Query"]);
        check.Findings[1].Accepted.ShouldContain("42P01");
    }

    [Fact]
    public async Task it_is_loaded_from_its_folder_with_a_driver_of_its_own()
    {
        var password = Path.GetTempFileName();
        await File.WriteAllTextAsync(password, Warehouse.Password, Token);
        using var folder = new PluginFolder().Copy("Sql", BuiltPlugins.FolderOf("Sql"));
        const string Options = "Instances:warehouse:Options";
        await using var hosted = await Hosted.StartAsync(
            folder,
            ("Instances:warehouse:Plugin", "sql"),
            ($"{Options}:Host", "127.0.0.1"),
            ($"{Options}:Port", warehouse.Port.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ($"{Options}:Database", "postgres"),
            ($"{Options}:User", Warehouse.Reader),
            ($"{Options}:Password", $"secret:file:{password}"),
            ($"{Options}:CertificateAuthority", warehouse.CertificateFile),
            ($"{Options}:Metrics:http:Query", _harness.Options().Metrics["http"].Query));
        File.Delete(password);
        (await hosted.Plugins.Source("warehouse")!.QueryAsync(Query("http"), Token)).ShouldBeOfType<MetricAnswer.NoData>();
        (await hosted.Report.CheckAsync("warehouse", Token))!.Ok.ShouldBeTrue();
        var context = AssemblyLoadContext.GetLoadContext(hosted.Plugins.Installed.Single().Entry.GetType().Assembly)!;
        context.ShouldNotBe(AssemblyLoadContext.Default);
        context.Assemblies.ShouldContain(a => a.GetName().Name == "Npgsql");
    }

    private MetricQuery Query(string metric) => new(metric, "shop", [_harness.Stable], _harness.Now.AddMinutes(-1), _harness.Now.AddSeconds(1));

    private async Task<PluginError> ErrorAsync(IMetricSource source) =>
        (await source.QueryAsync(Query("http"), Token)).ShouldBeOfType<MetricAnswer.Error>().Reason;

    private Task RunningAsync(long queries) => Until.TrueAsync(async () => (long)(await warehouse.ScalarAsync(Running))! == queries);
}
