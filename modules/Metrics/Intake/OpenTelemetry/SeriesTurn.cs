using Npgsql;

namespace Delivery.Metrics.Intake.OpenTelemetry;

/// <summary>
/// One request's turn with the cumulative series, until its events are committed and noted: a later point of the same series that came in
/// between would be counted from where this one began, and the interval twice. Over all servers, by a lock that ends with its transaction.
/// </summary>
internal sealed class SeriesTurn : IAsyncDisposable
{
    private readonly SemaphoreSlim _here;
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;

    private SeriesTurn(SemaphoreSlim here, NpgsqlConnection connection, NpgsqlTransaction transaction) =>
        (_here, _connection, _transaction) = (here, connection, transaction);

    /// <summary>Waits for the turn.</summary>
    /// <param name="here">Those of this process wait here, so that they hold no connection each.</param>
    /// <param name="database">Where the others' lock is.</param>
    /// <param name="name">The lock's name.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<SeriesTurn> WaitAsync(SemaphoreSlim here, NpgsqlDataSource database, string name, CancellationToken cancellationToken)
    {
        await here.WaitAsync(cancellationToken);
        NpgsqlConnection? connection = null;
        NpgsqlTransaction? transaction = null;
        try
        {
            connection = await database.OpenConnectionAsync(cancellationToken);
            transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using var command = new NpgsqlCommand("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", connection);
            command.Parameters.AddWithValue(name);
            await command.ExecuteNonQueryAsync(cancellationToken);
            return new SeriesTurn(here, connection, transaction);
        }
        catch
        {
            await EndAsync(here, connection, transaction);
            throw;
        }
    }

    public ValueTask DisposeAsync() => EndAsync(_here, _connection, _transaction);

    private static async ValueTask EndAsync(SemaphoreSlim here, NpgsqlConnection? connection, NpgsqlTransaction? transaction)
    {
        try
        {
            if (transaction is not null)
                await transaction.DisposeAsync();
            if (connection is not null)
                await connection.DisposeAsync();
        }
        finally
        {
            here.Release();
        }
    }
}
