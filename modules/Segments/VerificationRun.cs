namespace Delivery.Segments;

/// <summary>Collects what a verification finds as it goes from seal to seal.</summary>
internal sealed class VerificationRun(VerificationRange range, IReadOnlyDictionary<long, string> redacted)
{
    private long _segments;
    private long _rows;
    private readonly List<long> _redacted = [];
    private RowsSealed? _previous;
    private bool _headSeen;

    public List<SegmentBreak> Breaks { get; } = [];

    public long LastSegment => _previous?.Segment ?? 0;

    public long LastPosition => _previous?.LastPosition ?? 0;

    /// <summary>Takes the seal before the first one that is looked at as given.</summary>
    public void Start(RowsSealed? before) => _previous = before;

    public void Check(RowsSealed seal, SegmentContent content)
    {
        _segments++;
        _rows += content.Rows;
        CheckLink(seal);
        CheckRows(seal, content);
        CheckNotedHead(seal);
        _previous = seal;
    }

    /// <summary>Says so when seals at the end are gone although their stream knows of them.</summary>
    public void Reach(long end)
    {
        if (LastSegment < end && Breaks.Count == 0)
            Breaks.Add(new SegmentBreak(LastSegment + 1, "seal-missing", $"The seals {LastSegment + 1} to {end} are not there."));
    }

    public Verification Result()
    {
        if (range.Segment is { } noted && !_headSeen)
            Breaks.Add(new SegmentBreak(noted, "head", "The noted segment is not there."));
        return new Verification(Breaks.Count == 0, _segments, _rows, Breaks, _redacted);
    }

    private void CheckLink(RowsSealed seal)
    {
        if (seal.Segment != LastSegment + 1)
            Breaks.Add(new SegmentBreak(LastSegment + 1, "seal-missing", $"After the seal {LastSegment} comes {seal.Segment}."));
        else if (seal.FirstPosition != LastPosition + 1)
            Breaks.Add(new SegmentBreak(seal.Segment, "chain", $"It starts at position {seal.FirstPosition}; its predecessor ends at {LastPosition}."));
        if (seal.PreviousHash != (_previous?.Hash ?? new string('0', 64)))
            Breaks.Add(new SegmentBreak(seal.Segment, "chain", "The previous hash it names is not its predecessor's: the predecessor's seal was changed."));
    }

    private void CheckRows(RowsSealed seal, SegmentContent content)
    {
        var hash = seal.Hash;
        if (redacted.TryGetValue(seal.Segment, out var after))
        {
            hash = after;
            _redacted.Add(seal.Segment);
        }

        if (content.DistinctPositions < seal.Rows)
            Breaks.Add(new SegmentBreak(seal.Segment, "row-removed", $"{seal.Rows - content.DistinctPositions} of {seal.Rows} rows are not there."));
        if (content.Rows > content.DistinctPositions)
            Breaks.Add(new SegmentBreak(seal.Segment, "row-added", $"{content.Rows - content.DistinctPositions} rows were added."));
        if (content.Rows == seal.Rows && content.DistinctPositions == seal.Rows && content.Hash != hash)
            Breaks.Add(new SegmentBreak(seal.Segment, "row-changed", $"The rows {seal.FirstPosition} to {seal.LastPosition} are not the rows that were sealed."));
    }

    private void CheckNotedHead(RowsSealed seal)
    {
        if (range.Segment != seal.Segment)
            return;
        _headSeen = true;
        if (!string.Equals(range.Hash, seal.Hash, StringComparison.OrdinalIgnoreCase))
            Breaks.Add(new SegmentBreak(seal.Segment, "head", $"Its hash is {seal.Hash}, not the one that was noted: the chain was rewritten."));
    }
}
