using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Delivery.EmbeddedPostgres;
using Delivery.Exposures;
using Delivery.Exposures.Intake;
using Delivery.Segments;
using Delivery.Segments.Intake;
using Delivery.Testing;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Delivery.Benchmarks.Exposures;

/// <summary>
/// Durable, acknowledged intake over HTTP in batches of 500, against its limit in the same run: raw binary COPY of the
/// same rows by one connection into a table without an index. The load generator is on the same cores; fsync is on. The
/// column Ratio is time per row against the limit's: 2.5 means 40 % of it. In
/// process, because server and database live through the run.
/// </summary>
[Config(typeof(InThisProcess))]
public class DurableIntake : IAsyncDisposable
{
    private const int Batches = 400;
    private const int RowsPerBatch = 500;
    private const int Rows = Batches * RowsPerBatch;
    private const int Senders = 16;
    private static readonly byte[] CopyHeader = [.. "PGCOPY\n"u8, 0xff, .. "\r\n\0"u8, 0, 0, 0, 0, 0, 0, 0, 0];

    private readonly byte[][] _bodies = new byte[Batches][];
    private PostgresCluster _cluster = null!;
    private DeliveryServer _server = null!;
    private HttpClient _http = null!;
    private NpgsqlDataSource _database = null!;
    private RowBatch _rows = null!;
    private int _run;

    [GlobalSetup]
    public async Task SetUp()
    {
        _cluster = await PostgresCluster.StartAsync(new PostgresClusterOptions { Ephemeral = true }, CancellationToken.None);
        var connection = await _cluster.EnsureDatabaseAsync("intake", CancellationToken.None);
        _database = NpgsqlDataSource.Create(connection);
        _server = new DeliveryServer(connection, settings: new Dictionary<string, string>
        {
            ["Logging:LogLevel:Default"] = "Warning",
            ["contentRoot"] = AppContext.BaseDirectory,
        });
        _server.UseKestrel(0);
        _server.StartServer();
        var address = _server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        _http = new HttpClient { BaseAddress = new Uri(address) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", DeliveryServer.AdminKey);
        var time = TimeProvider.System.GetUtcNow();
        _rows = new RowBatch(ExposureTable.Table.Columns.Count, 64 * 1024 * 1024);
        var reader = new ExposureElementReader(new IntakeRequest("production", "benchmark", time), new ExposureOptions());
        for (var batch = 0; batch < Batches; batch++)
        {
            _bodies[batch] = Body(batch, time);
            if (Elements.ReadArray(_bodies[batch], reader, _rows).Count > 0)
                throw new InvalidOperationException("The benchmark's exposures are malformed.");
        }

        _rows.Place(1, PostgresTime.ToMicroseconds(time));
        await ExecuteAsync($"CREATE TABLE plain (LIKE {ExposureTable.Rows})");
    }

    [IterationSetup]
    public void NextRun() => _run++;

    [Benchmark(Baseline = true, OperationsPerInvoke = Rows)]
    public async Task RawBinaryCopy()
    {
        await using var connection = await _database.OpenConnectionAsync();
        await using var copy = await connection.BeginRawBinaryCopyAsync("COPY plain FROM STDIN (FORMAT binary)");
        await copy.WriteAsync(CopyHeader);
        for (var at = 0; at < _rows.Bytes.Length; at += 1024 * 1024)
            await copy.WriteAsync(_rows.Bytes[at..Math.Min(_rows.Bytes.Length, at + 1024 * 1024)]);
        await copy.WriteAsync(new byte[] { 0xff, 0xff });
    }

    [Benchmark(OperationsPerInvoke = Rows)]
    public async Task AcknowledgedOverHttp()
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(async _ =>
        {
            for (var batch = Interlocked.Increment(ref next); batch < Batches; batch = Interlocked.Increment(ref next))
                await SendAsync(batch);
        }));
    }

    [GlobalCleanup]
    public async Task CleanUp() => await DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        _rows.Dispose();
        _http.Dispose();
        await _server.DisposeAsync();
        await _database.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    private async Task SendAsync(int batch)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/sdk/v1/exposures") { Content = new ByteArrayContent(_bodies[batch]) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("X-Source", "benchmark");
        request.Headers.Add("X-Batch", (_run * Batches + batch).ToString(CultureInfo.InvariantCulture));
        using var response = await _http.SendAsync(request);
        response.EnsureSuccessStatusCode();
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static byte[] Body(int batch, DateTimeOffset time)
    {
        var json = new StringBuilder("[");
        for (var row = 0; row < RowsPerBatch; row++)
        {
            var number = batch * RowsPerBatch + row;
            json.Append(row == 0 ? "" : ",").Append(CultureInfo.InvariantCulture, $$"""
                {"id":"{{Guid.CreateVersion7(time.AddMilliseconds(number))}}","flag":"new-checkout","variant":"{{(number % 2 == 0 ? "on" : "off")}}","unit":"user-{{number * 7919L % 1_000_003}}","unitKind":"user","reason":"SPLIT","ruleId":"rollout-new-checkout","flagVersion":12,"sequence":345,"attributes":{"country":"DE","plan":"pro"},"time":"{{time.AddMilliseconds(number / 100):yyyy-MM-ddTHH:mm:ss.fffZ}}"}
                """);
        }

        return Encoding.UTF8.GetBytes(json.Append(']').ToString());
    }

    private sealed class InThisProcess : ManualConfig
    {
        public InThisProcess() => AddJob(Job.Default
            .WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(2).WithIterationCount(7).WithInvocationCount(1).WithUnrollFactor(1));
    }
}
