using System.Net.Http.Json;
using System.Text.Json;
using Delivery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Delivery.Targeting.Tests;

/// <summary>One server for the tests of this assembly; every test makes its own flags.</summary>
public sealed class PlatformFixture(PostgresFixture postgres) : IAsyncLifetime
{
    private DeliveryServer? _server;

    public DeliveryServer Server => _server ?? throw new InvalidOperationException("not initialised by xunit");

    public HttpClient Admin { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _server = new DeliveryServer(
            await postgres.CreateDatabaseAsync("targeting"),
            settings: new Dictionary<string, string> { ["Delivery:Ofrep:AllowedOrigins:0"] = "https://shop.example" });
        Admin = _server.Admin();
    }

    /// <summary>A server with settings of its own, on a database of its own; the caller ends it.</summary>
    public async Task<DeliveryServer> AnotherServerAsync(IReadOnlyDictionary<string, string> settings) =>
        new(await postgres.CreateDatabaseAsync("targeting"), settings: settings);

    /// <summary>Runs something with a service of its own scope, as a background service would.</summary>
    public async Task<T> InScopeAsync<TService, T>(Func<TService, ValueTask<T>> use)
        where TService : notnull
    {
        await using var scope = Server.Services.CreateAsyncScope();
        return await use(scope.ServiceProvider.GetRequiredService<TService>());
    }

    public async ValueTask DisposeAsync()
    {
        Admin?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
    }
}

/// <summary>The tests that share the server.</summary>
[CollectionDefinition]
public sealed class Platform : ICollectionFixture<PlatformFixture>;

/// <summary>JSON in and out, as a person with curl would do it.</summary>
internal static class Http
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static StringContent Json(string json) => new(json, System.Text.Encoding.UTF8, "application/json");

    public static Task<HttpResponseMessage> PostJson(this HttpClient client, string path, string json) => client.PostAsync(new Uri(path, UriKind.Relative), Json(json), Stop);

    public static Task<HttpResponseMessage> PutJson(this HttpClient client, string path, string json) => client.PutAsync(new Uri(path, UriKind.Relative), Json(json), Stop);

    /// <summary>Makes a flag for a test.</summary>
    public static async Task GivenFlag(this HttpClient client, string json)
    {
        using var response = await client.PostJson("/api/v1/flags", json);
        await response.Json();
    }

    public static async Task<JsonElement> GetJson(this HttpClient client, string path)
    {
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative), Stop);
        return await response.Json();
    }

    /// <summary>The body of an answer that must have succeeded.</summary>
    public static async Task<JsonElement> Json(this HttpResponseMessage response)
    {
        if (!response.IsSuccessStatusCode)
            throw new InvalidOperationException($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(Stop)}");
        return await response.Content.ReadFromJsonAsync<JsonElement>(Stop);
    }

    /// <summary>The body of an answer, whatever its status.</summary>
    public static Task<JsonElement> Body(this HttpResponseMessage response) => response.Content.ReadFromJsonAsync<JsonElement>(Stop)!;

    public static string? Text(this JsonElement json, string member) => json.GetProperty(member).GetString();
}
