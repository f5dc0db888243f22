using System.Net.Http.Json;
using System.Text.Json;
using Delivery.Plugins.Tests.Hosting;
using Delivery.Plugins.Tests.Server;
using Delivery.Testing;

namespace Delivery.Plugins.Tests.Prometheus;

/// <summary>The whole server with the embedded proxy and a real Prometheus: canaries that its counters judge.</summary>
[Collection(typeof(OnPrometheus))]
public sealed class RolloutOnPrometheus(ScrapedService service, PostgresFixture postgres) : IAsyncLifetime
{
    private readonly PluginFolder _folder = new();
    private DeliveryServer _server = null!;
    private HttpClient _admin = null!;
    private ArmService _stableService = null!;
    private ArmService _canaryService = null!;
    private string _stable = null!;
    private string _failing = null!;
    private string _mended = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(PrometheusServer.Program is null, "prometheus is not installed (Debian: apt-get install prometheus)");
        (_stable, _failing, _mended) = (service.Deployment("stable"), service.Deployment("failing"), service.Deployment("mended"));
        _stableService = await ArmService.StartAsync("stable", Token);
        _canaryService = await ArmService.StartAsync("canary", Token);
        _folder.Copy("Yarp", BuiltPlugins.FolderOf("Yarp")).Copy("Prometheus", BuiltPlugins.FolderOf("Prometheus"));
        const string Edge = "Delivery:Plugins:Instances:edge", Numbers = "Delivery:Plugins:Instances:numbers";
        _server = new DeliveryServer(await postgres.CreateDatabaseAsync("scraped"), settings: new Dictionary<string, string>
        {
            ["Delivery:Plugins:Folder"] = _folder.Root,
            [$"{Edge}:Plugin"] = "yarp",
            [$"{Edge}:Options:Listen:0"] = "http://127.0.0.1:0",
            [$"{Edge}:Options:Routes:shop:Stable"] = _stable,
            [$"{Edge}:Options:Routes:shop:Arms:{_stable}"] = _stableService.Address.ToString(),
            [$"{Edge}:Options:Routes:shop:Arms:{_failing}"] = _canaryService.Address.ToString(),
            [$"{Edge}:Options:Routes:shop:Arms:{_mended}"] = _canaryService.Address.ToString(),
            [$"{Numbers}:Plugin"] = "prometheus",
            [$"{Numbers}:Options:Url"] = service.Server.Url.ToString(),
            [$"{Numbers}:Options:Metrics:http:Trials"] = "http_requests_total{deployment=\"$arm\"}",
            [$"{Numbers}:Options:Metrics:http:Events"] = "http_requests_total{deployment=\"$arm\",code=~\"5..\"}",
            [$"{Numbers}:Options:Metrics:latency:Shape"] = "Histogram",
            [$"{Numbers}:Options:Metrics:latency:Values"] = "http_request_duration_seconds{deployment=\"$arm\"}",
            ["Rollouts:LookEverySeconds"] = "0.2",
            ["Delivery:Routing:AskEverySeconds"] = "0.2",
        });
        _admin = _server.Admin();
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is null)
            return;
        await _server.DisposeAsync();
        await _stableService.DisposeAsync();
        await _canaryService.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task a_canary_that_fails_is_aborted_and_a_healthy_one_goes_through()
    {
        await StartAsync("burns", _failing, new { exposurePercent = 10, minimumSeconds = 600, minimumExposures = 100 });
        var burnt = await UntilAsync("burns", "aborted", _failing, canaryFails: true);
        burnt.GetProperty("abort").GetProperty("cause").GetString().ShouldBe("breaker");
        burnt.GetProperty("released").GetProperty("errors").GetInt64().ShouldBeGreaterThan(0);
        burnt.GetProperty("released").GetProperty("p95Milliseconds").GetDouble().ShouldBeInRange(50, 250);

        // A deployment of its own: the last errors of the failing one may be scraped after this has begun.
        await StartAsync("goes", _mended, new { exposurePercent = 10, minimumSeconds = 0, minimumExposures = 50, waitsForGuardrails = true }, new { exposurePercent = 100, minimumSeconds = 0, minimumExposures = 50 });
        await UntilAsync("goes", "completed", _mended, canaryFails: false);
    }

    private async Task StartAsync(string key, string canary, params object[] stages)
    {
        using var planned = await _admin.PostAsJsonAsync(
            "/api/v1/rollouts",
            new
            {
                key,
                stages,
                guardrails = new[] { new { metric = "latency-p50", marginPercent = 400 } },
                route = new { router = "edge", name = "shop", stable = _stable, canary, health = new { source = "numbers", errors = "http", latency = "latency" } },
            },
            Token);
        planned.StatusCode.ShouldBe(System.Net.HttpStatusCode.Created, await planned.Content.ReadAsStringAsync(Token));
        using var started = await _admin.PostAsJsonAsync($"/api/v1/rollouts/{key}/start", new { }, Token);
        started.StatusCode.ShouldBe(System.Net.HttpStatusCode.OK, await started.Content.ReadAsStringAsync(Token));
    }

    /// <summary>Both deployments count requests until the rollout stands so.</summary>
    private Task<JsonElement> UntilAsync(string rollout, string status, string canary, bool canaryFails) => _admin.UntilAsync(
        $"/api/v1/rollouts/{rollout}",
        answer => answer.GetProperty("status").GetString() == status,
        meanwhile: () =>
        {
            service.Exporter.Record(_stable, Requests(45, 0));
            service.Exporter.Record(canary, Requests(20, canaryFails ? 10 : 0));
        });

    private static IEnumerable<(double Seconds, bool Failed)> Requests(int count, int failed) => Enumerable.Range(0, count).Select(i => (0.1, i < failed));
}
