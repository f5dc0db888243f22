using System.Net.Http.Json;
using Delivery.Testing;

namespace Delivery.Server.Tests.Access;

/// <summary>A server as a process of its own with a flag, and a client with one connection to it.</summary>
public sealed class ShortRoadServerProcess(PostgresFixture postgres) : IAsyncLifetime
{
    public ServerProcess Server { get; private set; } = null!;

    public HttpClient OneConnection { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await ServerProcess.StartAsync(await postgres.CreateDatabaseAsync("short"), TestContext.Current.CancellationToken);
        OneConnection = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 1 }) { BaseAddress = Server.Http.BaseAddress };
        using var flag = await Server.Http.PostAsJsonAsync("/api/v1/flags", new { key = "short", type = "boolean", clientVisible = true }, TestContext.Current.CancellationToken);
        flag.EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        OneConnection.Dispose();
        await Server.DisposeAsync();
    }
}
