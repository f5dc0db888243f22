using Delivery.EmbeddedPostgres;

namespace Delivery.Testing;

/// <summary>
/// One PostgreSQL for the tests of an assembly: <c>[assembly: AssemblyFixture(typeof(PostgresFixture))]</c>, then take it
/// as a constructor parameter. Ephemeral and fast; it ends with the test process, however that ends.
/// </summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private PostgresCluster? _cluster;
    private int _databases;

    public async ValueTask InitializeAsync() =>
        _cluster = await PostgresCluster.StartAsync(
            new PostgresClusterOptions { Ephemeral = true, FastUnsafe = true }, TestContext.Current.CancellationToken);

    /// <summary>Makes a database nobody else uses.</summary>
    /// <param name="name">Says whose it is; made unique by a number.</param>
    /// <returns>Its connection string.</returns>
    public Task<string> CreateDatabaseAsync(string name) =>
        (_cluster ?? throw new InvalidOperationException("The fixture has not been initialised by xunit.")).EnsureDatabaseAsync(
            $"{name}_{Interlocked.Increment(ref _databases)}", TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }
}
