using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.Hashing;
using System.Security.Cryptography;
using Npgsql;

namespace Delivery.Segments;

/// <summary>
/// The numbers of the combinations of a group of shared columns that the writer met lately. A new combination is stored in the transaction of the
/// first row that has it, under the writer's lock: a number means one combination, whichever server gave it.
/// </summary>
internal sealed class SharedNumbers(SegmentSql sql, StoredForm form, int group)
{
    /// <summary>A sender that gives every row values of its own must not fill the memory.</summary>
    private const int MostRememberedBytes = 16 << 20;

    private readonly Dictionary<byte[], int> _numbers = new(FieldComparer.Instance);
    private readonly Dictionary<int, SharedValues> _values = [];
    private int _rememberedBytes;

    private SharedGroup Group => sql.Groups[group];

    /// <summary>Forgets all: after a transaction that failed, what it stored is not there.</summary>
    public void Forget()
    {
        _numbers.Clear();
        _values.Clear();
        _rememberedBytes = 0;
    }

    /// <summary>What a number means that was given last.</summary>
    public SharedValues ValuesOf(int number) => _values[number];

    /// <summary>One for each group of shared columns of a log.</summary>
    public static IReadOnlyList<SharedNumbers> All(SegmentSql sql) =>
        sql.Form is { } form ? [.. Enumerable.Range(0, form.Groups).Select(group => new SharedNumbers(sql, form, group))] : [];

    /// <summary>The numbers of each row's shared values, group by group, batch after batch, in the order of the rows; empty without groups.</summary>
    public static async Task<int[]> OfAsync(
        IReadOnlyList<SharedNumbers> groups, IReadOnlyList<QueuedBatch> batches, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var numbers = groups.Count == 0 ? [] : new int[groups.Count * batches.Sum(batch => batch.Rows.Count)];
        foreach (var group in groups)
            await group.OfAsync(batches, numbers, connection, cancellationToken);
        return numbers;
    }

    private async Task OfAsync(IReadOnlyList<QueuedBatch> batches, int[] numbers, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (_rememberedBytes > MostRememberedBytes)
            Forget();
        var (unknown, waiting) = (new Dictionary<byte[], int>(FieldComparer.Instance), new List<(int Place, byte[] Fields)>());
        var row = 0;
        foreach (var batch in batches)
            row = Look(batch.Rows, row, numbers, unknown, waiting);
        if (unknown.Count > 0)
        {
            await NumberAsync(unknown, connection, cancellationToken);
            foreach (var (place, fields) in waiting)
                numbers[place] = unknown[fields];
        }
    }

    private int Look(RowBatch rows, int next, int[] numbers, Dictionary<byte[], int> unknown, List<(int Place, byte[] Fields)> waiting)
    {
        var known = _numbers.GetAlternateLookup<ReadOnlySpan<byte>>();
        var found = unknown.GetAlternateLookup<ReadOnlySpan<byte>>();
        var scratch = Array.Empty<byte>();
        for (var row = 0; row < rows.Count; row++)
        {
            var tuple = rows.Slice(row, row + 1).Span;
            if (scratch.Length < tuple.Length)
                scratch = new byte[tuple.Length * 2];
            var fields = scratch.AsSpan(0, form.CopyShared(tuple, group, scratch));
            if (known.TryGetValue(fields, out var number))
                numbers[Place(next + row)] = number;
            else if (found.TryGetValue(fields, out var key, out _))
                waiting.Add((Place(next + row), key));
            else
            {
                var copy = fields.ToArray();
                unknown[copy] = 0;
                waiting.Add((Place(next + row), copy));
            }
        }

        return next + rows.Count;
    }

    private int Place(int row) => row * form.Groups + group;

    private async Task NumberAsync(Dictionary<byte[], int> unknown, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var keys = unknown.Keys.ToDictionary(fields => SHA256.HashData(fields), fields => fields, FieldComparer.Instance);
        var last = await FindAsync(keys, unknown, connection, cancellationToken);
        if (keys.Count > 0)
            await StoreAsync(keys, unknown, last, connection, cancellationToken);
        foreach (var (fields, number) in unknown)
        {
            _numbers[fields] = number;
            _values[number] = form.Cut(group, fields);
            _rememberedBytes += fields.Length + 200;
        }
    }

    /// <summary>Takes those that are stored out of <paramref name="keys"/>, and says what the last number is.</summary>
    private async Task<int> FindAsync(
        Dictionary<byte[], byte[]> keys, Dictionary<byte[], int> unknown, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand($"SELECT coalesce(max({Group.Name}), 0) FROM {Group.Table}"),
                new NpgsqlBatchCommand($"SELECT key, {Group.Name} FROM {Group.Table} WHERE key = ANY ($1)") { Parameters = { new() { Value = keys.Keys.ToArray() } } },
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var last = reader.GetInt32(0);
        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (keys.Remove(reader.GetFieldValue<byte[]>(0), out var fields))
                unknown[fields] = reader.GetInt32(1);
        }

        return last;
    }

    private async Task StoreAsync(
        Dictionary<byte[], byte[]> keys, Dictionary<byte[], int> unknown, int last, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var copy = await connection.BeginRawBinaryCopyAsync(
            $"COPY {Group.Table} ({Group.Name}, key, {Group.ColumnList}) FROM STDIN (FORMAT binary)", cancellationToken);
        await copy.WriteAsync(SliceCopy.Header, cancellationToken);
        var head = new byte[2 + 4 + sizeof(int) + 4];
        BinaryPrimitives.WriteInt16BigEndian(head, (short)(form.SharedFields(group) + 2));
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(2), sizeof(int));
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(10), SHA256.HashSizeInBytes);
        foreach (var (key, fields) in keys)
        {
            unknown[fields] = ++last;
            BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(6), last);
            await copy.WriteAsync(head, cancellationToken);
            await copy.WriteAsync(key, cancellationToken);
            await copy.WriteAsync(fields, cancellationToken);
        }

        await copy.WriteAsync(SliceCopy.Trailer, cancellationToken);
    }

    private sealed class FieldComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static FieldComparer Instance { get; } = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate) => (int)XxHash3.HashToUInt64(alternate);
    }
}
