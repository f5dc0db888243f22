using System.Buffers.Binary;
using System.Collections.Concurrent;
using Npgsql;

namespace Delivery.Segments;

/// <summary>
/// The combinations of a group of shared columns that readers met lately, by number. A combination is stored before the first row that has it and is
/// never changed, so what was read once holds.
/// </summary>
internal sealed class SharedCombinations(SegmentSql sql, StoredForm form, int group)
{
    /// <summary>A sender that gives every row values of its own must not fill the memory.</summary>
    private const long MostRememberedBytes = 16 << 20;

    private readonly ConcurrentDictionary<int, SharedValues> _known = [];
    private long _knownBytes;

    private SharedGroup Group => sql.Groups[group];

    /// <summary>One for each group of shared columns of a log.</summary>
    public static IReadOnlyList<SharedCombinations> All(SegmentSql sql) =>
        sql.Form is { } form ? [.. Enumerable.Range(0, form.Groups).Select(group => new SharedCombinations(sql, form, group))] : [];

    /// <summary>Every combination, or the newest of them where there are more than <paramref name="most"/>.</summary>
    public Task<Dictionary<int, SharedValues>> NewestAsync(NpgsqlConnection connection, int most, CancellationToken cancellationToken) =>
        ReadAsync(connection, $"ORDER BY {Group.Name} DESC LIMIT {most}", cancellationToken);

    /// <summary>The combinations with these numbers; one that is not stored is not among them.</summary>
    /// <param name="numbers">The numbers, each once.</param>
    /// <param name="connection">Is asked for those that are not known yet.</param>
    public async Task<Dictionary<int, SharedValues>> OfAsync(
        IReadOnlyCollection<int> numbers, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var found = new Dictionary<int, SharedValues>(numbers.Count);
        var unknown = new List<int>();
        foreach (var number in numbers)
        {
            if (_known.TryGetValue(number, out var values))
                found[number] = values;
            else
                unknown.Add(number);
        }

        if (unknown.Count == 0)
            return found;
        foreach (var (number, values) in await ReadAsync(connection, $"WHERE {Group.Name} IN ({string.Join(',', unknown)})", cancellationToken))
        {
            found[number] = values;
            Remember(number, values);
        }

        return found;
    }

    private void Remember(int number, SharedValues values)
    {
        if (Interlocked.Add(ref _knownBytes, values.Fields.Length + 100) > MostRememberedBytes)
        {
            _known.Clear();
            Interlocked.Exchange(ref _knownBytes, 0);
        }

        _known[number] = values;
    }

    private async Task<Dictionary<int, SharedValues>> ReadAsync(NpgsqlConnection connection, string which, CancellationToken cancellationToken)
    {
        var combinations = new Dictionary<int, SharedValues>();
        await using var copy = await connection.BeginRawBinaryCopyAsync(
            $"COPY (SELECT {Group.Name}, {Group.ColumnList} FROM {Group.Table} {which}) TO STDOUT (FORMAT binary)", cancellationToken);
        await CopiedTuples.ForEachAsync(
            copy, tuple => combinations[BinaryPrimitives.ReadInt32BigEndian(tuple[6..])] = form.Cut(group, tuple[(6 + sizeof(int))..].ToArray()), cancellationToken);
        return combinations;
    }
}
