using System.Net.Http.Headers;
using System.Text;
using BenchmarkDotNet.Attributes;
using Delivery.Contracts.Exposures;
using Delivery.EmbeddedPostgres;
using Delivery.Metrics.Events;
using Delivery.Metrics.Health;
using Delivery.Segments;
using Delivery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Delivery.Benchmarks.Metrics;

/// <summary>What a start costs: both logs from PostgreSQL, from the first row to the head, into release health. 400,000 rows that came in over HTTP.</summary>
[Config(typeof(WholeRuns))]
public class Replay : IAsyncDisposable
{
    private const int RowsOfEach = 200_000;
    private const int Batch = 10_000;

    private PostgresCluster? _cluster;
    private DeliveryServer? _server;

    [GlobalSetup]
    public async Task Setup()
    {
        // Only test projects carry the place of the server's sources.
        Environment.SetEnvironmentVariable("ASPNETCORE_TEST_CONTENTROOT_DELIVERY_SERVER", AppContext.BaseDirectory);
        _cluster = await PostgresCluster.StartAsync(new PostgresClusterOptions { Ephemeral = true, FastUnsafe = true }, CancellationToken.None);
        _server = new DeliveryServer(await _cluster.EnsureDatabaseAsync("replay", CancellationToken.None));
        using var client = _server.Admin();
        var now = TimeProvider.System.GetUtcNow();
        for (var first = 0; first < RowsOfEach; first += Batch)
        {
            await Post(client, "/sdk/v1/exposures", first, i =>
                $$"""{"id":"{{new Guid(i, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)}}","flag":"checkout","variant":"{{(i % 2 == 0 ? "on" : "off")}}","unit":"u{{i % 50_000}}","reason":"SPLIT","flagVersion":3,"sequence":3,"time":"{{now:O}}"}""");
            await Post(client, "/sdk/v1/events", first, i =>
                $$$"""{"id":"{{{new Guid(i, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1)}}}","name":"request","unit":"u{{{i % 50_000}}}","durationMs":{{{20 + (i % 300)}}},"error":{{{(i % 100 == 0 ? "true" : "false")}}},"time":"{{{now:O}}}","flags":{"checkout":{"variant":"{{{(i % 2 == 0 ? "on" : "off")}}}","version":3} } }""");
        }
    }

    [GlobalCleanup]
    public async Task Cleanup() => await DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_server is not null)
            await _server.DisposeAsync();
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    [Benchmark(OperationsPerInvoke = 2 * RowsOfEach)]
    public async Task<long> FromTheFirstRowToTheHead()
    {
        var fold = new ReleaseFold(new FoldLimits());
        await foreach (var rows in _server!.Services.GetRequiredService<IExposureFeed>().ReadAsync(0, CancellationToken.None))
        {
            foreach (var row in rows)
                fold.Apply(row);
            if (rows[^1].Position == RowsOfEach)
                break;
        }

        await foreach (var rows in _server.Services.GetRequiredService<SegmentLog<MetricEvent>>().ReadAsync(0, CancellationToken.None))
        {
            foreach (var row in rows)
                fold.Apply(row);
            if (rows[^1].Position == RowsOfEach)
                break;
        }

        return fold.Tally.Counted;
    }

    private static async Task Post(HttpClient client, string path, int first, Func<int, string> element)
    {
        using var content = new StringContent($"[{string.Join(',', Enumerable.Range(first, Batch).Select(element))}]", Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using var response = await client.PostAsync(new Uri(path, UriKind.Relative), content);
        response.EnsureSuccessStatusCode();
    }
}
