using Delivery.Testing;

namespace Delivery.Metrics.Tests.Http;

/// <summary>One server for the tests of a class.</summary>
public sealed class RunningServer(PostgresFixture postgres) : IAsyncLifetime
{
    private DeliveryServer? _server;

    public DeliveryServer Server => _server ?? throw new InvalidOperationException("not started");

    public async ValueTask InitializeAsync() => _server = new DeliveryServer(await postgres.CreateDatabaseAsync("metrics"));

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }
}
