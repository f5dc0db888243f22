using Npgsql;

namespace Delivery.Segments;

/// <summary>COPYs rows in the order of their position, each into the slice that takes it, in the form in which they are stored.</summary>
/// <param name="sql">The log.</param>
/// <param name="partitions">Its slices.</param>
/// <param name="receivedAt">When the rows came in.</param>
/// <param name="group">Takes the rows too.</param>
/// <param name="connection">In the transaction.</param>
internal sealed class SliceCopy(SegmentSql sql, Partitions partitions, DateTimeOffset receivedAt, StoredGroup group, NpgsqlConnection connection) : IAsyncDisposable
{
    private readonly int _groups = sql.Form?.Groups ?? 0;
    private Slice? _slice;
    private Stream? _copy;

    /// <summary>What a binary COPY begins with.</summary>
    internal static byte[] Header { get; } = [.. "PGCOPY\n"u8, 0xff, .. "\r\n\0"u8, 0, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>What a binary COPY ends with.</summary>
    internal static byte[] Trailer { get; } = [0xff, 0xff];

    /// <summary>Writes a batch's rows; the first has <paramref name="position"/>, and the first numbers of <paramref name="shared"/>.</summary>
    public async Task WriteAsync(RowBatch rows, ReadOnlyMemory<int> shared, long position, CancellationToken cancellationToken)
    {
        for (var row = 0; row < rows.Count;)
        {
            var (copy, end) = await AtAsync(position + row, cancellationToken);
            var next = (int)Math.Min(rows.Count, end - position);
            await copy.WriteAsync(group.Add(rows.Slice(row, next).Span, next - row, shared.Span[(row * _groups)..(next * _groups)]), cancellationToken);
            row = next;
        }
    }

    /// <summary>Ends the last COPY; the rows are in the transaction after it.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        if (_copy is not { } copy)
            return;
        await copy.WriteAsync(Trailer, cancellationToken);
        _copy = null;
        await copy.DisposeAsync();
    }

    public ValueTask DisposeAsync() => _copy?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async ValueTask<(Stream Copy, long End)> AtAsync(long position, CancellationToken cancellationToken)
    {
        if (_copy is not null && position < _slice!.End)
            return (_copy, _slice.End);
        await FinishAsync(cancellationToken);
        _slice = await partitions.ForAsync(receivedAt, position, connection, cancellationToken);
        _copy = await connection.BeginRawBinaryCopyAsync(sql.Copy(_slice.Table), cancellationToken);
        await _copy.WriteAsync(Header, cancellationToken);
        return (_copy, _slice.End);
    }
}
