using Delivery.Targeting.Environments;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Lifecycle;
using Marten;
using Npgsql;

namespace Delivery.Targeting.Live;

/// <summary>
/// Brings into memory what was committed and is not there yet: another server's changes, and one's own in the moment between
/// their commit and the listener that applies them.
/// </summary>
internal sealed class CatchUp(IDocumentStore store, NpgsqlDataSource database, LiveRulesets live, CodeIndex code) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);

    /// <summary>Every configuration event up to this sequence is in memory.</summary>
    private long _upTo;

    /// <summary>Notes where the log stands, before everything is loaded: what is committed from here on is caught up with.</summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var wait = new NpgsqlCommand($"SELECT pg_advisory_xact_lock({ConfigurationLock.Write})", connection, transaction))
            await wait.ExecuteNonQueryAsync(cancellationToken);
        _upTo = await HeadAsync(connection, transaction, cancellationToken);
    }

    /// <summary>When it returns, everything that was committed when it was called is in memory.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var (changed, settled) = await ChangedAsync(cancellationToken);
            if (changed.Count > 0)
            {
                await using var session = store.QuerySession();
                foreach (var stream in changed)
                    await ApplyAsync(session, stream, cancellationToken);
            }

            _upTo = settled;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    /// <summary>
    /// The streams that changed, in the order of their last change. Configuration takes its sequences under the write lock, so
    /// while that is free no lower one is still to come, and the whole log so far is settled; otherwise what was seen is.
    /// </summary>
    private async Task<(IReadOnlyList<string> Streams, long Settled)> ChangedAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var ask = new NpgsqlCommand($"SELECT pg_try_advisory_xact_lock({ConfigurationLock.Write})", connection, transaction);
        var isQuiet = await ask.ExecuteScalarAsync(cancellationToken) is true;
        var settled = isQuiet ? await HeadAsync(connection, transaction, cancellationToken) : _upTo;
        await using var read = new NpgsqlCommand(
            "SELECT stream_id, max(seq_id) FROM events.mt_events WHERE seq_id > $1 AND stream_id ~ $2 GROUP BY stream_id ORDER BY 2", connection, transaction);
        read.Parameters.AddWithValue(_upTo);
        read.Parameters.AddWithValue(ConfigurationLock.StreamPattern);
        var streams = new List<string>();
        await using var reader = await read.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            streams.Add(reader.GetString(0));
            settled = Math.Max(settled, reader.GetInt64(1));
        }

        return (streams, settled);
    }

    private static async Task<long> HeadAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        await using var head = new NpgsqlCommand("SELECT coalesce(max(seq_id), 0) FROM events.mt_events", connection, transaction);
        return (long)(await head.ExecuteScalarAsync(cancellationToken))!;
    }

    private async Task ApplyAsync(IQuerySession session, string stream, CancellationToken cancellationToken)
    {
        if (stream.StartsWith("flag:", StringComparison.Ordinal))
        {
            if (await session.LoadAsync<Flag>(stream, cancellationToken) is { } flag)
                live.Apply(flag);
        }
        else if (stream.StartsWith("environment:", StringComparison.Ordinal))
        {
            if (await session.LoadAsync<DeliveryEnvironment>(stream, cancellationToken) is { } environment)
                live.Apply(environment);
        }
        else if (stream.StartsWith("code-repository:", StringComparison.Ordinal))
        {
            if (await session.LoadAsync<CodeRepository>(stream, cancellationToken) is { } repository)
                code.Apply(repository);
        }
        else
            live.Apply(stream, await session.Events.FetchStreamAsync(stream, fromVersion: live.VersionOf(stream) + 1, token: cancellationToken));
    }
}
