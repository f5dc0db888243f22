using Npgsql;

namespace Delivery.Targeting.Live;

/// <summary>
/// Lets one change of the configuration at a time be decided and committed, on all servers of the database, and each only when
/// memory holds everything committed before. So a check of references and cycles is still true when what it allowed is written.
/// </summary>
internal sealed class WriteGate(NpgsqlDataSource database, CatchUp catchUp) : IDisposable
{
    /// <summary>First in line within this server, so that those who wait hold no connection.</summary>
    private readonly SemaphoreSlim _here = new(1, 1);

    /// <summary>Waits until nobody else is inside; dispose of what it gives to leave.</summary>
    public async ValueTask<IAsyncDisposable> EnterAsync(CancellationToken cancellationToken)
    {
        await _here.WaitAsync(cancellationToken);
        NpgsqlConnection? connection = null;
        try
        {
            connection = await database.OpenConnectionAsync(cancellationToken);
            await using (var wait = new NpgsqlCommand($"SELECT pg_advisory_lock({ConfigurationLock.Gate})", connection))
                await wait.ExecuteNonQueryAsync(cancellationToken);
            await catchUp.RunAsync(cancellationToken);
            return new Inside(this, connection);
        }
        catch
        {
            // Going back to the pool resets the connection, which unlocks.
            if (connection is not null)
                await connection.DisposeAsync();
            _here.Release();
            throw;
        }
    }

    public void Dispose() => _here.Dispose();

    private sealed class Inside(WriteGate gate, NpgsqlConnection connection) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            try
            {
                // Of the session, not of a transaction: a broken connection has unlocked by itself.
                await using var leave = new NpgsqlCommand($"SELECT pg_advisory_unlock({ConfigurationLock.Gate})", connection);
                await leave.ExecuteNonQueryAsync(CancellationToken.None);
            }
            catch (NpgsqlException)
            {
                NpgsqlConnection.ClearPool(connection);
            }
            finally
            {
                await connection.DisposeAsync();
                gate._here.Release();
            }
        }
    }
}
