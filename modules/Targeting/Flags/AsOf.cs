using System.Text.Json;
using Delivery.Evaluation;
using Delivery.Targeting.Populations;
using Marten;

namespace Delivery.Targeting.Flags;

/// <summary>
/// What a flag was evaluated from at a moment: the flag and everything it depends on, directly or not, as they were then:
/// prerequisites, segments, layers, holdouts. Read from the events; costs what the flag depends on.
/// </summary>
internal sealed class AsOf(IQuerySession session, Moment at)
{
    private readonly Dictionary<string, FlagDefinition> _flags = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Segment> _segments = new(StringComparer.Ordinal);
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private long _sequence;

    public async Task<Snapshot> SnapshotAsync(string flag, string environment, CancellationToken cancellationToken) =>
        Snapshot.Compile(await RulesetAsync(flag, environment, cancellationToken));

    public async Task<Ruleset> RulesetAsync(string flag, string environment, CancellationToken cancellationToken)
    {
        await AddFlag(flag, environment, cancellationToken);
        var others = new List<Population>();
        foreach (var population in (await session.Query<Population>().ToListAsync(cancellationToken)).Where(p => p.Segment is null))
        {
            if (await Was(population.Id, cancellationToken) is { Deleted: false } was)
                others.Add(was);
        }

        return new Ruleset
        {
            Environment = environment,
            Sequence = _sequence,
            Flags = [.. _flags.Values],
            Segments = [.. _segments.Values],
            Layers = [.. others.Select(p => p.Layer).OfType<Layer>()],
            Holdouts = [.. others.Select(p => p.Holdout).OfType<Holdout>()],
        };
    }

    private async Task AddFlag(string key, string environment, CancellationToken cancellationToken)
    {
        if (!_seen.Add(Flag.Stream(key)) || await FlagHistory.AsOfAsync(session, key, at, cancellationToken) is not { } flag)
            return;
        var definition = flag.Definition(environment);
        _flags[key] = definition;
        _sequence = Math.Max(_sequence, definition.Sequence);
        foreach (var prerequisite in definition.Prerequisites)
            await AddFlag(prerequisite.Flag, environment, cancellationToken);
        foreach (var rule in definition.Rules)
            await AddReferences(rule.Condition, environment, cancellationToken);
    }

    private async Task AddSegment(string key, string environment, CancellationToken cancellationToken)
    {
        var stream = Population.Stream("segment", key);
        if (!_seen.Add(stream) || await Was(stream, cancellationToken) is not { Deleted: false, Whole: { } segment })
            return;
        _segments[key] = segment;
        await AddReferences(segment.Condition, environment, cancellationToken);
    }

    private async Task<Population?> Was(string stream, CancellationToken cancellationToken)
    {
        var was = Population.Fold((await session.Events.FetchStreamAsync(stream, token: cancellationToken)).Where(at.Includes));
        _sequence = Math.Max(_sequence, was?.Sequence ?? 0);
        return was;
    }

    private async Task AddReferences(Condition? condition, string environment, CancellationToken cancellationToken)
    {
        foreach (var leaf in Leaves(condition))
        {
            if (leaf is Condition.InSegment segment)
                await AddSegment(segment.Key, environment, cancellationToken);
            else if (leaf is Condition.FlagServes flag)
                await AddFlag(flag.Key, environment, cancellationToken);
            else if (leaf is Condition.GrowthBook growthBook)
            {
                if (growthBook.FlagValue is { } of)
                    await AddFlag(of, environment, cancellationToken);
                foreach (var group in Groups(growthBook.Query))
                    await AddSegment(group, environment, cancellationToken);
            }
        }
    }

    private static IEnumerable<Condition> Leaves(Condition? condition) => condition switch
    {
        null => [],
        Condition.All all => all.Conditions.SelectMany(Leaves),
        Condition.Any any => any.Conditions.SelectMany(Leaves),
        Condition.Not not => Leaves(not.Inner),
        Condition.Attribute { Element: { } element } => Leaves(element),
        var leaf => [leaf],
    };

    /// <summary>The saved groups that a GrowthBook query asks for.</summary>
    private static IEnumerable<string> Groups(JsonElement query) => query.ValueKind switch
    {
        JsonValueKind.Object => query.EnumerateObject().SelectMany(member =>
            member.Name is "$inGroup" or "$notInGroup" && member.Value.ValueKind == JsonValueKind.String ? [member.Value.GetString()!] : Groups(member.Value)),
        JsonValueKind.Array => query.EnumerateArray().SelectMany(Groups),
        _ => [],
    };
}
