namespace Delivery.Segments;

/// <summary>Turns stored rows into canonical ones, one at a time.</summary>
/// <param name="form">How the rows are stored.</param>
/// <param name="shared">For each group of shared columns its combinations by number.</param>
internal sealed class CanonicalRow(StoredForm form, IReadOnlyList<IReadOnlyDictionary<int, SharedValues>> shared)
{
    private readonly SharedValues[] _values = new SharedValues[form.Groups];
    private readonly int[] _numbers = new int[form.Groups];
    private byte[] _bytes = [];
    private int _length;

    /// <summary>The row that was restored last; good until the next.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>False where what the row shares is not known.</summary>
    public bool TryRestore(ReadOnlySpan<byte> stored)
    {
        if (!TryFind(stored, out var most))
            return false;
        if (_bytes.Length < most)
            _bytes = new byte[2 * most];
        _length = form.Restore(stored, _values, _bytes);
        return true;
    }

    /// <summary>Writes the row into the room there is for the next of those that are hashed; false where what it shares is not known.</summary>
    public bool TryRestore(ReadOnlySpan<byte> stored, SegmentHashes into)
    {
        if (!TryFind(stored, out var most))
            return false;
        into.Added(form.Restore(stored, _values, into.Room(most)));
        return true;
    }

    /// <summary>Rows in succession often share the same: then nothing is looked up.</summary>
    private bool TryFind(ReadOnlySpan<byte> stored, out int most)
    {
        most = stored.Length;
        for (var group = 0; group < _values.Length; group++)
        {
            var number = form.SharedOf(stored, group);
            if (_values[group] is null || _numbers[group] != number)
            {
                if (!shared[group].TryGetValue(number, out var values))
                    return false;
                (_numbers[group], _values[group]) = (number, values);
            }

            most += _values[group].Fields.Length;
        }

        return true;
    }
}
