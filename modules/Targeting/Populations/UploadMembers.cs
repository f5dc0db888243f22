using Delivery.Contracts.Commands;
using Delivery.Evaluation;
using Delivery.Targeting.Live;
using Mediator;
using Microsoft.Extensions.DependencyInjection;

namespace Delivery.Targeting.Populations;

/// <summary>What an upload does with its units.</summary>
internal enum UploadMode
{
    Add = 1,
    Remove = 2,

    /// <summary>The list becomes what is uploaded.</summary>
    Replace = 3,
}

/// <summary>What became of an upload.</summary>
/// <param name="Read">Units in it, repeated ones too.</param>
/// <param name="Changed">Whether anything was written.</param>
/// <param name="Count">Units in the list now.</param>
/// <param name="Version">The segment's version now.</param>
internal sealed record UploadedMembers(string Segment, SegmentList List, long Read, bool Changed, int Count, long Version);

/// <summary>
/// Takes an upload in portions, each a change of its own: an upload that breaks off has done a part, and repeating it does the
/// rest. Holds one portion; for a replacement also who was in it.
/// </summary>
internal sealed class UploadMembers(IServiceScopeFactory scopes, LiveRulesets live)
{
    public async Task<(Outcome? Refused, UploadedMembers? Done)> RunAsync(
        Audit audit, string key, SegmentList list, UploadMode mode, IAsyncEnumerable<string> units, CancellationToken cancellationToken)
    {
        var read = 0L;
        var changed = false;
        var seen = new List<string>();
        await foreach (var portion in Portions(units, cancellationToken))
        {
            read += portion.Count;
            if (mode == UploadMode.Replace)
                seen.AddRange(portion);
            if (read > Limits.UnitsPerSegment && mode != UploadMode.Remove)
                return (new Outcome.Invalid("body", $"up to {Limits.UnitsPerSegment} units; the first {read - portion.Count} were taken"), null);
            var change = mode == UploadMode.Remove
                ? new ChangeMembers(audit, key, list, [], portion)
                : new ChangeMembers(audit, key, list, portion, []);
            var outcome = await SendAsync(change, cancellationToken);
            if (outcome is not Outcome.Done done)
                return (outcome, null);
            changed |= done.Changed;
        }

        if (mode == UploadMode.Replace)
        {
            var wanted = UnitList.Of(seen);
            var present = live.Find("segment", key)?.Members.In(list) ?? UnitList.Empty;
            foreach (var gone in present.Where(unit => !wanted.Contains(unit)).Chunk(SegmentMembers.MostInOneEvent))
            {
                var outcome = await SendAsync(new ChangeMembers(audit, key, list, [], gone), cancellationToken);
                if (outcome is not Outcome.Done)
                    return (outcome, null);
                changed = true;
            }
        }

        return live.Find("segment", key) is { Deleted: false } now
            ? (null, new UploadedMembers(key, list, read, changed, now.Members.In(list).Count, now.Version))
            : (new Outcome.NotFound("segment", key), null);
    }

    /// <summary>A scope for each: it is a session and a transaction of its own.</summary>
    private async Task<Outcome> SendAsync(ChangeMembers change, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<ISender>().Send((ICommand<Outcome>)change, cancellationToken);
    }

    private static async IAsyncEnumerable<IReadOnlyList<string>> Portions(
        IAsyncEnumerable<string> units, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var portion = new List<string>(SegmentMembers.MostInOneEvent);
        await foreach (var unit in units.WithCancellation(cancellationToken))
        {
            portion.Add(unit);
            if (portion.Count < SegmentMembers.MostInOneEvent)
                continue;
            yield return portion;
            portion = new List<string>(SegmentMembers.MostInOneEvent);
        }

        if (portion.Count > 0)
            yield return portion;
    }
}
