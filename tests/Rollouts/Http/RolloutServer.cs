using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Delivery.Contracts.Metrics;
using Delivery.Testing;
using Mediator;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Time.Testing;

namespace Delivery.Rollouts.Tests.Http;

/// <summary>The server with a clock, Targeting and Metrics in the test's hands; the conductor looks when the test says so.</summary>
public sealed class RolloutServer(PostgresFixture postgres) : IAsyncLifetime
{
    private DeliveryServer? _server;
    private WebApplicationFactory<Program>? _host;

    internal Seams Seams { get; } = new();

    internal FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 23, 8, 0, 0, TimeSpan.Zero));

    public HttpClient Admin { get; private set; } = null!;

    internal IServiceProvider Services => _host!.Services;

    public async ValueTask InitializeAsync()
    {
        var database = await postgres.CreateDatabaseAsync("rollouts");
        _server = new DeliveryServer(database, Time, new Dictionary<string, string> { ["Rollouts:LookEverySeconds"] = "86400" });
        _host = _server.WithWebHostBuilder(builder => builder.ConfigureTestServices(services =>
            services.Replace(ServiceDescriptor.Scoped<ISender>(provider => new SeamSender(provider.GetRequiredService<IMediator>(), Seams)))));
        Admin = With(DeliveryServer.AdminKey);
    }

    public HttpClient With(string? key)
    {
        var client = _host!.CreateClient();
        client.DefaultRequestHeaders.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    /// <summary>One round of the conductor.</summary>
    public Task LookAsync() => Services.GetRequiredService<Conductor>().LookAsync(TestContext.Current.CancellationToken);

    public async Task<JsonElement> GetAsync(string path) =>
        await Admin.GetFromJsonAsync<JsonElement>(path, TestContext.Current.CancellationToken);

    public Task<HttpResponseMessage> PostAsync(string path, object? body = null) =>
        Admin.PostAsJsonAsync(path, body ?? new { }, TestContext.Current.CancellationToken);

    /// <summary>Plans and starts a rollout of a new flag with the same name, and sees its first stage opened.</summary>
    internal async Task<FakeFlag> StartedAsync(string key, object? stages = null, object? guardrails = null, object? breaker = null)
    {
        var flag = Seams.AddFlag(key);
        (await PostAsync("/api/v1/rollouts", new
        {
            key,
            flag = key,
            stages = stages ?? new object[]
            {
                new { exposurePercent = 5, minimumSeconds = 10, minimumExposures = 100 },
                new { exposurePercent = 50, minimumSeconds = 10, minimumExposures = 100 },
                new { exposurePercent = 100, minimumSeconds = 10, minimumExposures = 100 },
            },
            guardrails,
            breaker,
        })).EnsureSuccessStatusCode();
        (await PostAsync($"/api/v1/rollouts/{key}/start")).EnsureSuccessStatusCode();
        await LookAsync();
        return flag;
    }

    /// <summary>Metrics answers with these counts, fresh at every look.</summary>
    internal void Measure(string flag, Func<IReadOnlyList<EpochHealth>> epochs, DateTimeOffset? firstBad = null, double unitShare = 1) =>
        Seams.Health[flag] = () => new ReleaseHealth(epochs(), Time.GetUtcNow(), Time.GetUtcNow(), firstBad, Time.GetUtcNow()) { UnitShare = unitShare };

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
    }
}
