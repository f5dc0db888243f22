using System.Collections.Immutable;
using Delivery.Evaluation;

namespace Delivery.Targeting.Live;

/// <summary>One environment's configuration as it is now, compiled, and everyone who listens to it.</summary>
internal sealed class LiveEnvironment(string key)
{
    private readonly Lock _gate = new();
    private ImmutableArray<Subscription> _subscriptions = [];
    private EnvironmentState _state = new(1, Snapshot.Compile(new Ruleset { Environment = key }), Reordered: false);

    public string Key => key;

    public EnvironmentState State => Volatile.Read(ref _state);

    public int Connections => _subscriptions.Length;

    /// <summary>Starts anew from a whole ruleset.</summary>
    public void Replace(Snapshot snapshot)
    {
        lock (_gate)
        {
            var state = new EnvironmentState(_state.Ordinal + 1, snapshot, Reordered: false);
            Volatile.Write(ref _state, state);
            if (!_subscriptions.IsEmpty)
                Publish(Frame.Ruleset(state));
        }
    }

    /// <summary>Takes a flag's configuration, unless a newer one is there.</summary>
    public void Apply(FlagDefinition flag)
    {
        lock (_gate)
        {
            var present = _state.Snapshot.Definition(flag.Key);
            if (present?.Sequence >= flag.Sequence || (present is null && flag.Archived))
                return;
            var snapshot = flag.Archived ? _state.Snapshot.Without(flag.Key, flag.Sequence) : _state.Snapshot.With(flag);
            var state = Next(snapshot, flag.Sequence);
            if (!_subscriptions.IsEmpty)
                Publish(Frame.Flag(state.Ordinal, state.Sequence, flag));
        }
    }

    /// <summary>Takes a change that is not one flag's.</summary>
    public void Apply(long sequence, Func<Snapshot, Snapshot> change)
    {
        lock (_gate)
        {
            var state = Next(change(_state.Snapshot), sequence);
            if (!_subscriptions.IsEmpty)
                Publish(Frame.Ruleset(state));
        }
    }

    /// <summary>Everything from the state that is answered on, without a gap.</summary>
    public (Subscription Subscription, EnvironmentState State) Subscribe()
    {
        var subscription = new Subscription();
        lock (_gate)
        {
            _subscriptions = _subscriptions.Add(subscription);
            return (subscription, _state);
        }
    }

    public void Unsubscribe(Subscription subscription)
    {
        lock (_gate)
            _subscriptions = _subscriptions.Remove(subscription);
    }

    public void Publish(Frame frame)
    {
        foreach (var subscription in _subscriptions)
            subscription.Offer(frame);
    }

    private EnvironmentState Next(Snapshot snapshot, long sequence)
    {
        var late = sequence < _state.Sequence;
        var state = new EnvironmentState(_state.Ordinal + 1, snapshot, late || (_state.Reordered && snapshot.Sequence == _state.Sequence));
        Volatile.Write(ref _state, state);
        return state;
    }
}
