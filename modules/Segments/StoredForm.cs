using System.Buffers.Binary;

namespace Delivery.Segments;

/// <summary>
/// Rows as they are stored where they share values: the columns a row has to itself, then the number of what it shares. Turns canonical
/// rows into stored ones and back; both are PostgreSQL's binary tuples.
/// </summary>
internal sealed class StoredForm
{
    private readonly (bool IsShared, int Fields)[] _runs;

    /// <param name="isShared">For each column in canonical order, with position and time of receipt, whether its value is shared.</param>
    public StoredForm(IReadOnlyList<bool> isShared)
    {
        var runs = new List<(bool IsShared, int Fields)>();
        foreach (var shared in isShared)
        {
            if (runs is [.., var last] && last.IsShared == shared)
                runs[^1] = (shared, last.Fields + 1);
            else
                runs.Add((shared, 1));
        }

        _runs = [.. runs];
        SharedFields = isShared.Count(shared => shared);
        Fields = isShared.Count;
    }

    /// <summary>How many columns a canonical row has.</summary>
    public int Fields { get; }

    /// <summary>How many of them are shared.</summary>
    public int SharedFields { get; }

    /// <summary>What a stored row takes at most beyond its canonical form.</summary>
    public const int Overhead = 4 + sizeof(int);

    /// <summary>Writes a canonical row's shared fields, one after the other, and says how many bytes they are.</summary>
    public int CopyShared(ReadOnlySpan<byte> row, Span<byte> shared)
    {
        int at = 2, length = 0;
        foreach (var run in _runs)
        {
            var end = End(row, at, run.Fields);
            if (run.IsShared)
            {
                row[at..end].CopyTo(shared[length..]);
                length += end - at;
            }

            at = end;
        }

        return length;
    }

    /// <summary>Writes the stored form of canonical rows, one after the other, and says how many bytes it is.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="shared">For each row, the number of what it shares.</param>
    /// <param name="stored">Takes the stored form.</param>
    public int Store(ReadOnlySpan<byte> rows, ReadOnlySpan<int> shared, Span<byte> stored)
    {
        var total = 0;
        foreach (var number in shared)
        {
            var (length, storedLength) = Store(rows, number, stored[total..]);
            rows = rows[length..];
            total += storedLength;
        }

        return total;
    }

    /// <summary>Writes the stored form of a canonical row.</summary>
    /// <param name="row">Begins with the row; what follows is left alone.</param>
    /// <param name="shared">The number of what it shares.</param>
    /// <param name="stored">Takes the stored form.</param>
    /// <returns>How long the row is, and how long its stored form.</returns>
    private (int Length, int Stored) Store(ReadOnlySpan<byte> row, int shared, Span<byte> stored)
    {
        int at = 2, length = 2;
        BinaryPrimitives.WriteInt16BigEndian(stored, (short)(Fields - SharedFields + 1));
        foreach (var run in _runs)
        {
            var end = End(row, at, run.Fields);
            if (!run.IsShared)
            {
                row[at..end].CopyTo(stored[length..]);
                length += end - at;
            }

            at = end;
        }

        BinaryPrimitives.WriteInt32BigEndian(stored[length..], sizeof(int));
        BinaryPrimitives.WriteInt32BigEndian(stored[(length + 4)..], shared);
        return (at, length + Overhead);
    }

    /// <summary>The number of what a stored row shares.</summary>
    public static int SharedOf(ReadOnlySpan<byte> stored) => BinaryPrimitives.ReadInt32BigEndian(stored[^sizeof(int)..]);

    /// <summary>Writes the canonical form of a stored row, and says how long it is.</summary>
    public int Restore(ReadOnlySpan<byte> stored, SharedValues shared, Span<byte> row)
    {
        int at = 2, length = 2, sharedRun = 0, sharedAt = 0;
        BinaryPrimitives.WriteInt16BigEndian(row, (short)Fields);
        foreach (var run in _runs)
        {
            ReadOnlySpan<byte> fields;
            if (run.IsShared)
            {
                var end = shared.Ends[sharedRun++];
                fields = shared.Fields.AsSpan(sharedAt, end - sharedAt);
                sharedAt = end;
            }
            else
            {
                var end = End(stored, at, run.Fields);
                fields = stored[at..end];
                at = end;
            }

            fields.CopyTo(row[length..]);
            length += fields.Length;
        }

        return length;
    }

    /// <summary>Shared fields, cut where a canonical row has fields of its own between them.</summary>
    public SharedValues Cut(byte[] fields)
    {
        var (ends, at) = (new List<int>(), 0);
        foreach (var run in _runs.Where(run => run.IsShared))
            ends.Add(at = End(fields, at, run.Fields));
        return new SharedValues(fields, [.. ends]);
    }

    private static int End(ReadOnlySpan<byte> tuple, int at, int fields)
    {
        for (; fields > 0; fields--)
            at += 4 + Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(tuple[at..]));
        return at;
    }
}

/// <summary>A combination of shared values: its fields, and where each run of them ends.</summary>
internal sealed record SharedValues(byte[] Fields, int[] Ends);
