namespace Delivery.Segments;

/// <summary>Segments that are verified together, by one connection.</summary>
/// <param name="Seals">Their seals, one after the other.</param>
/// <param name="Whole">The slice with all of their rows, where it has few others: to send a table as a whole costs the database a fifth less
/// a row than to look for a run of positions.</param>
internal sealed record SealedPortion(IReadOnlyList<RowsSealed> Seals, Slice? Whole = null);

/// <summary>Cuts a run of seals into portions.</summary>
/// <param name="slices">The log's slices.</param>
internal sealed class PortionCutter(IReadOnlyList<Slice> slices)
{
    /// <summary>So many rows, where they are not a whole slice.</summary>
    internal const int Rows = 200_000;

    /// <summary>Each segment of a portion is hashed in a hash of its own.</summary>
    internal const int MostSegments = 2_000;

    /// <summary>A slice that takes positions which another one takes too says nothing of where rows lie.</summary>
    private readonly List<Slice> _slices = [.. slices.Where(one => slices.Count(other => one.First < other.End && other.First < one.End) == 1)];

    private List<RowsSealed> _seals = [];
    private Slice? _slice;

    /// <summary>Takes the next seal, and gives the portions before it that are complete.</summary>
    public IReadOnlyList<SealedPortion> Add(RowsSealed seal)
    {
        if (_slice is null || !Contains(_slice, seal))
        {
            var slice = _slices.Find(one => Contains(one, seal));
            var complete = slice is not null || _slice is not null || RowsOf(_seals) >= Rows ? Finish() : [];
            _slice = slice;
            _seals.Add(seal);
            return complete;
        }

        _seals.Add(seal);
        return _seals.Count < MostSegments ? [] : Finish();
    }

    /// <summary>The portions of what is left.</summary>
    public IReadOnlyList<SealedPortion> Finish()
    {
        var seals = _seals;
        _seals = [];
        if (seals.Count == 0)
            return [];
        if (_slice is { } slice && RowsOf(seals) >= (slice.End - slice.First) / 4 * 3)
            return [new SealedPortion(seals, slice)];
        return [.. Cut(seals)];
    }

    private static bool Contains(Slice slice, RowsSealed seal) => seal.FirstPosition >= slice.First && seal.LastPosition < slice.End;

    private static long RowsOf(List<RowsSealed> seals) => seals.Count == 0 ? 0 : seals[^1].LastPosition - seals[0].FirstPosition + 1;

    private static IEnumerable<SealedPortion> Cut(List<RowsSealed> seals)
    {
        var portion = new List<RowsSealed>();
        foreach (var seal in seals)
        {
            portion.Add(seal);
            if (RowsOf(portion) < Rows)
                continue;
            yield return new SealedPortion(portion);
            portion = [];
        }

        if (portion.Count > 0)
            yield return new SealedPortion(portion);
    }
}
