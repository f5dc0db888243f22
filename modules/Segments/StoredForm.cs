using System.Buffers.Binary;

namespace Delivery.Segments;

/// <summary>
/// Rows as they are stored where they share values: the columns a row has to itself, then, for each group of shared columns, the number of
/// their combination. Turns canonical rows into stored ones and back; both are PostgreSQL's binary tuples.
/// </summary>
internal sealed class StoredForm
{
    private const int Own = -1;
    private const int NumberLength = 4 + sizeof(int);

    private readonly Run[] _runs;
    private readonly int _fields;
    private readonly int[] _sharedFields;
    private readonly short _storedFields;

    /// <param name="groups">For each column in canonical order, with position and time of receipt, the group of shared columns it is in,
    /// by its place among them; -1 for a column of the row's own.</param>
    public StoredForm(IReadOnlyList<int> groups)
    {
        var runs = new List<Run>();
        foreach (var group in groups)
        {
            if (runs is [.., var last] && last.Group == group)
                runs[^1] = last with { Fields = last.Fields + 1 };
            else
                runs.Add(new Run(group, runs.Count(run => run.Group == group), 1));
        }

        _runs = [.. runs];
        _fields = groups.Count;
        Groups = groups.Max() + 1;
        _sharedFields = [.. Enumerable.Range(0, Groups).Select(group => groups.Count(one => one == group))];
        _storedFields = (short)(groups.Count(group => group == Own) + Groups);
    }

    /// <summary>How many groups of shared columns there are.</summary>
    public int Groups { get; }

    /// <summary>What a stored row takes at most beyond its canonical form.</summary>
    public int Overhead => Groups * NumberLength;

    /// <summary>How many columns a group has.</summary>
    public int SharedFields(int group) => _sharedFields[group];

    /// <summary>Writes the fields of a canonical row that are in a group, one after the other, and says how many bytes they are.</summary>
    public int CopyShared(ReadOnlySpan<byte> row, int group, Span<byte> shared) => Copy(row, group, shared).Length;

    /// <summary>Writes the stored form of canonical rows, one after the other, and says how many bytes it is.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="shared">For each row, the numbers of what it shares, group by group.</param>
    /// <param name="stored">Takes the stored form.</param>
    public int Store(ReadOnlySpan<byte> rows, ReadOnlySpan<int> shared, Span<byte> stored)
    {
        var total = 0;
        for (; !shared.IsEmpty; shared = shared[Groups..])
        {
            var (length, storedLength) = StoreRow(rows, shared[..Groups], stored[total..]);
            rows = rows[length..];
            total += storedLength;
        }

        return total;
    }

    /// <summary>The number of what a stored row shares in a group.</summary>
    public int SharedOf(ReadOnlySpan<byte> stored, int group) =>
        BinaryPrimitives.ReadInt32BigEndian(stored[(stored.Length - (Groups - group) * NumberLength + 4)..]);

    /// <summary>Writes the canonical form of a stored row, and says how long it is.</summary>
    /// <param name="stored">The row.</param>
    /// <param name="shared">What it shares, group by group.</param>
    /// <param name="row">Takes the canonical form.</param>
    public int Restore(ReadOnlySpan<byte> stored, ReadOnlySpan<SharedValues> shared, Span<byte> row)
    {
        int at = 2, length = 2;
        BinaryPrimitives.WriteInt16BigEndian(row, (short)_fields);
        foreach (var run in _runs)
        {
            ReadOnlySpan<byte> fields;
            if (run.Group == Own)
            {
                var end = End(stored, at, run.Fields);
                fields = stored[at..end];
                at = end;
            }
            else
            {
                fields = shared[run.Group].Run(run.Number);
            }

            fields.CopyTo(row[length..]);
            length += fields.Length;
        }

        return length;
    }

    /// <summary>A group's fields, cut where a canonical row has other fields between them.</summary>
    public SharedValues Cut(int group, byte[] fields)
    {
        var (ends, at) = (new List<int>(), 0);
        foreach (var run in _runs.Where(run => run.Group == group))
            ends.Add(at = End(fields, at, run.Fields));
        return new SharedValues(fields, [.. ends]);
    }

    /// <summary>Writes the stored form of a canonical row.</summary>
    /// <param name="row">Begins with the row; what follows is left alone.</param>
    /// <param name="shared">The numbers of what it shares.</param>
    /// <param name="stored">Takes the stored form.</param>
    /// <returns>How long the row is, and how long its stored form.</returns>
    private (int Length, int Stored) StoreRow(ReadOnlySpan<byte> row, ReadOnlySpan<int> shared, Span<byte> stored)
    {
        BinaryPrimitives.WriteInt16BigEndian(stored, _storedFields);
        var (end, copied) = Copy(row, Own, stored[2..]);
        var length = 2 + copied;
        foreach (var number in shared)
        {
            BinaryPrimitives.WriteInt32BigEndian(stored[length..], sizeof(int));
            BinaryPrimitives.WriteInt32BigEndian(stored[(length + 4)..], number);
            length += NumberLength;
        }

        return (end, length);
    }

    /// <summary>Copies the fields of a canonical row that are in a group, or its own, and says where the row ends and how many bytes they are.</summary>
    private (int End, int Length) Copy(ReadOnlySpan<byte> row, int group, Span<byte> fields)
    {
        int at = 2, length = 0;
        foreach (var run in _runs)
        {
            var end = End(row, at, run.Fields);
            if (run.Group == group)
            {
                row[at..end].CopyTo(fields[length..]);
                length += end - at;
            }

            at = end;
        }

        return (at, length);
    }

    private static int End(ReadOnlySpan<byte> tuple, int at, int fields)
    {
        for (; fields > 0; fields--)
            at += 4 + Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(tuple[at..]));
        return at;
    }

    /// <summary>Columns side by side of one group, or of the row's own.</summary>
    /// <param name="Group">The group, or -1.</param>
    /// <param name="Number">The how many-th of its group.</param>
    /// <param name="Fields">How many columns.</param>
    private readonly record struct Run(int Group, int Number, int Fields);
}

/// <summary>A combination of shared values: its fields, and where each run of them ends.</summary>
internal sealed record SharedValues(byte[] Fields, int[] Ends)
{
    /// <summary>The fields of a run.</summary>
    public ReadOnlySpan<byte> Run(int number)
    {
        var start = number == 0 ? 0 : Ends[number - 1];
        return Fields.AsSpan(start, Ends[number] - start);
    }
}
