using System.Collections.Concurrent;
using Delivery.Evaluation;
using Delivery.Targeting.Environments;
using Delivery.Targeting.Flags;

namespace Delivery.Targeting.Live;

/// <summary>
/// The configuration of all environments in memory: what evaluation, the SDK and the lists read. Changes come in right
/// after their commit, by version, so that neither order nor repetition matters.
/// </summary>
internal sealed class LiveRulesets
{
    private readonly ConcurrentDictionary<string, LiveEnvironment> _environments = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Flag> _flags = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <summary>All flags, archived ones too, in no order.</summary>
    public IEnumerable<Flag> Flags => _flags.Values;

    public IEnumerable<LiveEnvironment> Environments => _environments.Values;

    public LiveEnvironment? Find(string environment) => _environments.GetValueOrDefault(environment);

    /// <summary>Everything, at the start.</summary>
    public void Load(IEnumerable<DeliveryEnvironment> environments, IReadOnlyCollection<Flag> flags)
    {
        lock (_gate)
        {
            foreach (var flag in flags)
                _flags.AddOrUpdate(flag.Key, flag, (_, present) => present.Version >= flag.Version ? present : flag);
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

    private void Open(DeliveryEnvironment environment)
    {
        var definitions = _flags.Values.Where(flag => !flag.Archived).Select(flag => flag.Definition(environment.Key)).ToList();
        var live = new LiveEnvironment(environment.Key);
        live.Replace(Snapshot.Compile(new Ruleset
        {
            Environment = environment.Key,
            // An archived flag's last change counts, too: the ruleset changed with it.
            Sequence = _flags.Values.Select(flag => flag.Definition(environment.Key).Sequence).Append(environment.Sequence).Max(),
            Flags = [.. definitions.OrderBy(definition => definition.Key, StringComparer.Ordinal)],
        }));
        _environments[environment.Key] = live;
    }
}
