using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Delivery.Contracts.Exposures;
using Delivery.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace Delivery.Exposures.Tests;

/// <summary>A server with an empty ledger of its own, and the calls that tests make to it.</summary>
public sealed class Ledger : IAsyncDisposable
{
    private readonly DeliveryServer _server;
    private readonly HttpClient _client;

    private Ledger(DeliveryServer server, string connectionString)
    {
        _server = server;
        _client = server.Admin();
        Database = NpgsqlDataSource.Create(connectionString);
    }

    public NpgsqlDataSource Database { get; }

    public HttpClient Http => _client;

    public Task<HttpClient> ClientAsync(string role, string? environment) => _server.AsAsync(role, environment, TestContext.Current.CancellationToken);

    /// <summary>A client with this key.</summary>
    public HttpClient With(string key) => _server.With(key);

    public IServiceProvider Services => _server.Services;

    public IExposureFeed Feed => Services.GetRequiredService<IExposureFeed>();

    public static async Task<Ledger> StartAsync(PostgresFixture postgres, IReadOnlyDictionary<string, string>? settings = null, FakeTimeProvider? time = null) =>
        On(await postgres.CreateDatabaseAsync("exposures"), settings, time);

    /// <summary>A server on a database that may hold a ledger already.</summary>
    public static Ledger On(string connectionString, IReadOnlyDictionary<string, string>? settings = null, FakeTimeProvider? time = null) =>
        new(new DeliveryServer(connectionString, time, Quiet(settings)), connectionString);

    private static Dictionary<string, string> Quiet(IReadOnlyDictionary<string, string>? settings) =>
        new(settings ?? new Dictionary<string, string>()) { ["Logging:LogLevel:Default"] = "Warning", ["Logging:LogLevel:Microsoft.Hosting.Lifetime"] = "Warning" };

    public Task<HttpResponseMessage> SendAsync(string body, string? source = null, long? batch = null, string type = "application/json") =>
        SendAsync(Encoding.UTF8.GetBytes(body), source, batch, type);

    public async Task<HttpResponseMessage> SendAsync(
        byte[] body, string? source = null, long? batch = null, string type = "application/json", string? encoding = null, string? environment = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/sdk/v1/exposures{(environment is null ? "" : $"?environment={environment}")}");
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (encoding is not null)
            request.Content.Headers.ContentEncoding.Add(encoding);
        if (source is not null)
            request.Headers.Add("X-Source", source);
        if (batch is { } number)
            request.Headers.Add("X-Batch", number.ToString(CultureInfo.InvariantCulture));
        return await _client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public async Task<JsonElement> TakenAsync(string body, string? source = null, long? batch = null, string type = "application/json") =>
        await Json(await SendAsync(body, source, batch, type));

    public async Task<JsonElement> GetAsync(string path) =>
        await Json(await _client.GetAsync(path, TestContext.Current.CancellationToken));

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>How many rows were committed after a position.</summary>
    public Task<long> RowsAfterAsync(long position) =>
        ScalarAsync<long>(string.Create(CultureInfo.InvariantCulture, $"SELECT count(*) FROM exposures.exposures WHERE position > {position}"));

    public ValueTask<long> HeadAsync() => Feed.HeadAsync(TestContext.Current.CancellationToken);

    /// <summary>Reads so many exposures after a position from the feed.</summary>
    public async Task<List<RecordedExposure>> ReadAsync(long after, int count)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(2));
        var rows = new List<RecordedExposure>();
        await foreach (var batch in Feed.ReadAsync(after, patience.Token))
        {
            rows.AddRange(batch);
            if (rows.Count >= count)
                break;
        }

        return rows;
    }

    /// <summary>The one alert of a kind about a subject, as soon as the queue delivered it.</summary>
    public async Task<JsonElement> AlertAsync(string kind, string subject)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        while (true)
        {
            var alerts = (await GetAsync("/api/v1/alerts?limit=1000")).GetProperty("items").EnumerateArray()
                .Where(a => a.GetProperty("kind").GetString() == kind && a.GetProperty("subject").GetString() == subject).ToList();
            if (alerts.Count > 0)
                return alerts.ShouldHaveSingleItem();
            await Task.Delay(20, limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        await Database.DisposeAsync();
    }

    public static async Task<JsonElement> Json(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        response.IsSuccessStatusCode.ShouldBeTrue($"{(int)response.StatusCode}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }
}

/// <summary>One ledger for the tests of a class that only look at what they added.</summary>
public sealed class SharedLedger(PostgresFixture postgres) : IAsyncLifetime
{
    public Ledger Ledger { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Ledger = await Ledger.StartAsync(postgres);

    /// <summary>A client with a key of its own.</summary>
    public Task<HttpClient> ClientAsync(string role, string? environment) => Ledger.ClientAsync(role, environment);

    /// <summary>A second server with an empty ledger.</summary>
    public Task<Ledger> AnotherAsync(IReadOnlyDictionary<string, string>? settings) => Ledger.StartAsync(postgres, settings);

    public ValueTask DisposeAsync() => Ledger.DisposeAsync();
}
