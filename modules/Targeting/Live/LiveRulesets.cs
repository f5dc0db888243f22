using System.Collections.Concurrent;
using System.Security.Cryptography;
using Delivery.Evaluation;
using Delivery.Targeting.Environments;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Populations;

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

    /// <summary>Everything, at the start.</summary>
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

    public void Apply(Population population)
    {
        lock (_gate)
        {
            if (_populations.TryGetValue(population.Id, out var present) && present.Version >= population.Version)
                return;
            _populations[population.Id] = population;
            foreach (var environment in _environments.Values)
                environment.Apply(population.Sequence, population.ApplyTo);
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
            Segments = [.. Present.Select(population => population.Segment).OfType<Segment>()],
            Layers = [.. Present.Select(population => population.Layer).OfType<Layer>()],
            Holdouts = [.. Present.Select(population => population.Holdout).OfType<Holdout>()],
        }));
        _environments[environment.Key] = live;
    }
}
