using Marten;

namespace Delivery.Segments;

/// <summary>
/// What was done to sealed rows on the record, in the order it was done: masked (<see cref="RowsRedacted"/>) or retired
/// (<see cref="RowsRetired"/>). What a segment must come to now is what was recorded last.
/// </summary>
internal sealed class SegmentChanges
{
    private readonly Dictionary<long, ResealedSegment> _resealed = [];
    private readonly HashSet<long> _redacted = [];
    private readonly HashSet<long> _thinned = [];
    private readonly List<RetiredSegments> _gone = [];

    public static async Task<SegmentChanges> ReadAsync(IDocumentSession session, SegmentSql sql, CancellationToken cancellationToken)
    {
        var changes = new SegmentChanges();
        foreach (var change in (await session.Events.FetchStreamAsync(sql.Redactions, token: cancellationToken)).OrderBy(e => e.Version))
            changes.Add(change.Data);
        return changes;
    }

    /// <summary>The segment's hash after the last change, and how many rows are left if any were retired; null when nothing was done to it.</summary>
    public ResealedSegment? Of(long segment) => IsGone(segment) ? new ResealedSegment(segment, "", 0) : _resealed.GetValueOrDefault(segment);

    /// <summary>Whether rows of the segment were masked.</summary>
    public bool IsRedacted(long segment) => _redacted.Contains(segment);

    /// <summary>Whether all of its rows were retired with their partition: there is nothing left to hash.</summary>
    public bool IsGone(long segment) => _gone.Exists(one => one.FirstSegment <= segment && segment <= one.LastSegment);

    /// <summary>Whether any of its rows were retired.</summary>
    public bool IsRetired(long segment) => _thinned.Contains(segment) || IsGone(segment);

    private void Add(object change)
    {
        switch (change)
        {
            case RowsRedacted redacted:
                foreach (var one in redacted.Segments)
                {
                    _resealed[one.Segment] = one with { Rows = _resealed.GetValueOrDefault(one.Segment)?.Rows };
                    _redacted.Add(one.Segment);
                }

                break;
            case RowsRetired { Segments.Count: 0 } dropped:
                _gone.Add(new RetiredSegments(dropped.FirstSegment, dropped.LastSegment));
                break;
            case RowsRetired retired:
                foreach (var one in retired.Segments)
                {
                    _resealed[one.Segment] = one;
                    _thinned.Add(one.Segment);
                }

                break;
            default:
                throw new InvalidOperationException($"{change.GetType().Name} is no change of sealed rows");
        }
    }
}
