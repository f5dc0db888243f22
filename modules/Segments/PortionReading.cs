using System.Buffers.Binary;
using System.Diagnostics;
using Npgsql;

namespace Delivery.Segments;

/// <summary>Segments that one connection sends, and that are hashed as they come.</summary>
internal sealed class PortionReading : IDisposable
{
    /// <summary>After so much it is another's turn.</summary>
    private const int TurnBytes = 1024 * 1024;

    private const int RowsPerLook = 16;
    private static readonly long WaitedTicks = Stopwatch.Frequency / 20_000;

    private readonly SegmentSql _sql;
    private readonly CanonicalRow? _canonical;
    private readonly IReadOnlyList<RowsSealed> _seals;
    private readonly NpgsqlConnection _connection;
    private readonly SegmentHashes _hashes;
    private readonly CopiedTuples _tuples = new();
    private readonly Stream _copy;
    private readonly long _first;
    private readonly long _last;
    private bool _isEveryValueKnown = true;

    /// <param name="sql">The log.</param>
    /// <param name="shared">For each group of shared columns its combinations by number, as far as they are known.</param>
    /// <param name="portion">The segments.</param>
    /// <param name="connection">Belongs to the reading as long as it lasts.</param>
    public PortionReading(
        SegmentSql sql, IReadOnlyList<IReadOnlyDictionary<int, SharedValues>> shared, SealedPortion portion, NpgsqlConnection connection)
    {
        _canonical = sql.Form is { } form ? new CanonicalRow(form, shared) : null;
        (_sql, _seals, _connection, _hashes) = (sql, portion.Seals, connection, new SegmentHashes(portion.Seals));
        (_first, _last) = (_seals[0].FirstPosition, _seals[^1].LastPosition);
        _copy = portion.Whole is { } slice
            ? SegmentRows.OpenAsStored(sql, connection, slice)
            : SegmentRows.OpenAsStored(sql, connection, Positions(_seals));
    }

    /// <summary>Whether all is read.</summary>
    public bool IsRead { get; private set; }

    /// <summary>Reads for a turn, or less where the database had nothing ready: waiting for the next few kilobytes costs more than reading them.</summary>
    /// <returns>How many bytes that were.</returns>
    public int ReadOn()
    {
        var bytes = 0;
        var looked = Stopwatch.GetTimestamp();
        while (bytes < TurnBytes)
        {
            for (var row = 0; row < RowsPerLook; row++)
            {
                var read = _tuples.Read(_copy, Take);
                if (read == 0)
                {
                    IsRead = true;
                    return bytes;
                }

                bytes += read;
            }

            var now = Stopwatch.GetTimestamp();
            if (now - looked > WaitedTicks)
                return bytes;
            looked = now;
        }

        return bytes;
    }

    /// <summary>What each segment comes to, once all is read.</summary>
    public SegmentContent[] Contents()
    {
        _copy.Dispose();
        if (!_isEveryValueKnown)
            return Sorted(_seals);
        var contents = _hashes.Finish();
        foreach (var segment in _hashes.OutOfOrder)
            contents[segment] = Sorted([_seals[segment]])[0];
        return contents;
    }

    public void Dispose()
    {
        _hashes.Dispose();
        _tuples.Dispose();
    }

    private static PositionRange Positions(IReadOnlyList<RowsSealed> seals) => new(seals[0].FirstPosition - 1, seals[^1].LastPosition, null, null);

    private void Take(ReadOnlySpan<byte> stored)
    {
        var position = BinaryPrimitives.ReadInt64BigEndian(stored[RowBatch.PositionOffset..]);
        if (position < _first || position > _last)
            return;
        if (_canonical is null)
            _hashes.Add(stored);
        else
            _isEveryValueKnown &= _canonical.TryRestore(stored, _hashes);
    }

    /// <summary>The database puts rows and shared values together, and sorts.</summary>
    private SegmentContent[] Sorted(IReadOnlyList<RowsSealed> seals)
    {
        using var hashes = new SegmentHashes(seals);
        SegmentRows.ForEach(_sql, _connection, Positions(seals), hashes.Add);
        return hashes.Finish();
    }
}
