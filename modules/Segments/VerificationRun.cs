namespace Delivery.Segments;

/// <summary>Collects what a verification finds as it goes from seal to seal.</summary>
internal sealed class VerificationRun(VerificationRange range, SegmentChanges changes)
{
    private long _segments;
    private long _rows;
    private readonly List<long> _redacted = [];
    private readonly List<RetiredSegments> _retired = [];
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
        return new Verification(Breaks.Count == 0, _segments, _rows, Breaks, _redacted, _retired);
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
        var change = changes.Of(seal.Segment);
        var expected = change?.Rows ?? seal.Rows;
        Note(seal.Segment);
        if (content.DistinctPositions < expected)
            Breaks.Add(new SegmentBreak(seal.Segment, "row-removed", $"{expected - content.DistinctPositions} of {expected} rows are not there."));
        if (content.Rows > content.DistinctPositions || content.DistinctPositions > expected)
            Breaks.Add(new SegmentBreak(seal.Segment, "row-added", $"{content.Rows - Math.Min(content.DistinctPositions, expected)} rows were added."));
        if (content.Rows == expected && content.DistinctPositions == expected && !changes.IsGone(seal.Segment) && content.Hash != (change?.Hash ?? seal.Hash))
            Breaks.Add(new SegmentBreak(seal.Segment, "row-changed", $"The rows {seal.FirstPosition} to {seal.LastPosition} are not the rows that were sealed."));
    }

    private void Note(long segment)
    {
        if (changes.IsRedacted(segment) && !changes.IsGone(segment))
            _redacted.Add(segment);
        if (!changes.IsRetired(segment))
            return;
        if (_retired is [.., var last] && last.LastSegment == segment - 1)
            _retired[^1] = last with { LastSegment = segment };
        else
            _retired.Add(new RetiredSegments(segment, segment));
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
