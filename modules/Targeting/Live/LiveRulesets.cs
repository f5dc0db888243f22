using System.Collections.Concurrent;
using System.Security.Cryptography;
using Delivery.Evaluation;
using Delivery.Targeting.Environments;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Populations;
using JasperFx.Events;

namespace Delivery.Targeting.Live;

/// <summary>
/// The configuration of all environments in memory: what evaluation, the SDK and the lists read. Changes come in right
/// after their commit, by version, so that neither order nor repetition matters.
/// </summary>
internal sealed class LiveRulesets
{
    private readonly ConcurrentDictionary<string, LiveEnvironment> _environments = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Flag> _flags = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Population> _populations = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <summary>Names this server among those of the database, until it ends.</summary>
    public string Server { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    /// <summary>All flags, archived ones too, in no order.</summary>
    public IEnumerable<Flag> Flags => _flags.Values;

    public IEnumerable<LiveEnvironment> Environments => _environments.Values;

    /// <summary>The environments' present rulesets.</summary>
    public IReadOnlyDictionary<string, Ruleset> Rulesets() =>
        _environments.ToDictionary(pair => pair.Key, pair => pair.Value.State.Snapshot.ToRuleset(), StringComparer.Ordinal);

    /// <summary>One environment's present ruleset; an empty one where there is no such environment.</summary>
    public Ruleset Ruleset(string environment) => Find(environment)?.State.Snapshot.ToRuleset() ?? new Ruleset();

    public LiveEnvironment? Find(string environment) => _environments.GetValueOrDefault(environment);

    /// <summary>Segments, layers and holdouts that are not deleted.</summary>
    public IEnumerable<Population> Present => _populations.Values.Where(population => !population.Deleted).OrderBy(population => population.Id, StringComparer.Ordinal);

    /// <summary>A segment, layer or holdout with its lists, deleted or not.</summary>
    public Population? Find(string kind, string key) => _populations.GetValueOrDefault(Population.Stream(kind, key));

    /// <summary>Up to which version a segment, layer or holdout is here; 0 for none of it.</summary>
    public long VersionOf(string population) => _populations.GetValueOrDefault(population)?.Version ?? 0;

    /// <summary>Everything, at the start; populations folded from their events.</summary>
    public void Load(IEnumerable<DeliveryEnvironment> environments, IEnumerable<Flag> flags, IEnumerable<Population> populations)
    {
        lock (_gate)
        {
            foreach (var flag in flags)
                _flags.AddOrUpdate(flag.Key, flag, (_, present) => present.Version >= flag.Version ? present : flag);
            foreach (var population in populations)
                _populations.AddOrUpdate(population.Id, population, (_, present) => present.Version >= population.Version ? present : population);
            foreach (var environment in environments)
                Open(environment);
        }
    }

    public void Apply(DeliveryEnvironment environment)
    {
        lock (_gate)
        {
            if (!_environments.ContainsKey(environment.Key))
                Open(environment);
        }
    }

    public void Apply(Flag flag)
    {
        lock (_gate)
        {
            if (_flags.TryGetValue(flag.Key, out var present) && present.Version >= flag.Version)
                return;
            _flags[flag.Key] = flag;
            foreach (var environment in _environments.Values)
                environment.Apply(flag.Definition(environment.Key));
        }
    }

    /// <summary>
    /// Takes events of a segment, layer or holdout in the order of their versions; those that are here already are passed over.
    /// False if some before them are missing: then nothing is taken.
    /// </summary>
    public bool Apply(string id, IEnumerable<IEvent> events)
    {
        lock (_gate)
        {
            foreach (var e in events.Where(e => e.Version > VersionOf(id)))
            {
                if (e.Version != VersionOf(id) + 1 || Population.Fold(_populations.GetValueOrDefault(id), e) is not { } population)
                    return false;
                _populations[id] = population;
                foreach (var environment in _environments.Values)
                    environment.Apply(population, e);
            }

            return true;
        }
    }

    private void Open(DeliveryEnvironment environment)
    {
        var definitions = _flags.Values.Where(flag => !flag.Archived).Select(flag => flag.Definition(environment.Key)).ToList();
        var live = new LiveEnvironment(environment.Key);
        live.Replace(Snapshot.Compile(new Ruleset
        {
            Environment = environment.Key,
            // An archived flag's last change counts, too: the ruleset changed with it.
            Sequence = _flags.Values.Select(flag => flag.Definition(environment.Key).Sequence)
                .Concat(_populations.Values.Select(population => population.Sequence)).Append(environment.Sequence).Max(),
            Flags = [.. definitions.OrderBy(definition => definition.Key, StringComparer.Ordinal)],
            Segments = [.. Present.Select(population => population.Whole).OfType<Segment>()],
            Layers = [.. Present.Select(population => population.Layer).OfType<Layer>()],
            Holdouts = [.. Present.Select(population => population.Holdout).OfType<Holdout>()],
        }));
        _environments[environment.Key] = live;
    }
}
