using Delivery.Evaluation;
using Delivery.Targeting.Flags;
using Marten;

namespace Delivery.Targeting.Previewing;

/// <summary>
/// What the flag read at a sequence of the past: an attribute that was read then and not recorded was not in the context. One
/// that was not read then is unknown.
/// </summary>
/// <param name="newest">The newest sequence that is known; a later one says nothing.</param>
internal sealed class AttributesReadThen(IQuerySession session, string flag, string environment, long newest)
{
    /// <summary>Beyond it, nothing more is known than what was recorded.</summary>
    private const int MostLookups = 500;

    /// <summary>By the sequence of the last change that mattered: up to where it is known to hold, and what was read.</summary>
    private readonly SortedList<long, (long To, IReadOnlyList<string> Names)> _spans = [];

    private int _lookups;

    public async ValueTask<IReadOnlyList<string>> AtAsync(long sequence, CancellationToken cancellationToken)
    {
        if (Known(sequence) is { } known)
            return known;
        if (sequence < 1 || sequence > newest || ++_lookups > MostLookups)
            return [];
        var ruleset = await new AsOf(session, new Moment.AtSequence(sequence)).RulesetAsync(flag, environment, cancellationToken);
        var names = Snapshot.Compile(ruleset).AttributesReadBy(flag);
        _spans[ruleset.Sequence] = (sequence, names);
        return names;
    }

    private IReadOnlyList<string>? Known(long sequence)
    {
        for (var at = _spans.Count - 1; at >= 0; at--)
        {
            if (_spans.GetKeyAtIndex(at) <= sequence)
                return sequence <= _spans.GetValueAtIndex(at).To ? _spans.GetValueAtIndex(at).Names : null;
        }

        return null;
    }
}
