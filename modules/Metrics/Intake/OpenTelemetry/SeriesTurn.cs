using Npgsql;

namespace Delivery.Metrics.Intake.OpenTelemetry;

/// <summary>
/// One request's turn with the series of its senders, until its events are committed and noted: a later point of the same series that came in
/// between would be counted from where this one began, and the interval twice. Senders are told apart by the hash of their resource and
/// environment, so that they don't wait for each other. Over all servers, by locks that end with their transaction.
/// </summary>
internal sealed class SeriesTurn : IAsyncDisposable
{
    /// <summary>A turn holds a connection and needs others: no more of them than a pool of usual size can bear.</summary>
    public const int MostAtOnce = 16;

    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private readonly List<SemaphoreSlim> _held;

    private SeriesTurn(NpgsqlConnection connection, NpgsqlTransaction transaction, List<SemaphoreSlim> held) =>
        (_connection, _transaction, _held) = (connection, transaction, held);

    /// <summary>Waits for the turn.</summary>
    /// <param name="here">Those of this process wait here, each sender at its own place, so that they hold no connection each.</param>
    /// <param name="senders">Whose series: numbers below <see cref="MostAtOnce"/>.</param>
    /// <param name="database">Where the others' locks are.</param>
    /// <param name="name">The locks' name.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<SeriesTurn> WaitAsync(
        SemaphoreSlim[] here, IEnumerable<int> senders, NpgsqlDataSource database, string name, CancellationToken cancellationToken)
    {
        var held = new List<SemaphoreSlim>();
        NpgsqlConnection? connection = null;
        NpgsqlTransaction? transaction = null;
        try
        {
            // Everybody takes several in the same order, so that nobody waits in a circle.
            var numbers = senders.Distinct().Order().ToList();
            foreach (var number in numbers)
            {
                await here[number].WaitAsync(cancellationToken);
                held.Add(here[number]);
            }

            connection = await database.OpenConnectionAsync(cancellationToken);
            transaction = await connection.BeginTransactionAsync(cancellationToken);
            foreach (var number in numbers)
            {
                await using var command = new NpgsqlCommand("SELECT pg_advisory_xact_lock(hashtextextended($1, $2))", connection);
                command.Parameters.AddWithValue(name);
                command.Parameters.AddWithValue((long)number + 1);
                await command.ExecuteNonQueryAsync(cancellationToken);
            }

            return new SeriesTurn(connection, transaction, held);
        }
        catch
        {
            await EndAsync(connection, transaction, held);
            throw;
        }
    }

    public ValueTask DisposeAsync() => EndAsync(_connection, _transaction, _held);

    private static async ValueTask EndAsync(NpgsqlConnection? connection, NpgsqlTransaction? transaction, List<SemaphoreSlim> held)
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
            foreach (var place in held)
                place.Release();
        }
    }
}
