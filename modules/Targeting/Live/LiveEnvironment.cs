using System.Collections.Immutable;
using Delivery.Evaluation;
using Delivery.Targeting.Populations;
using JasperFx.Events;

namespace Delivery.Targeting.Live;

/// <summary>One environment's configuration as it is now, compiled, and everyone who listens to it.</summary>
internal sealed class LiveEnvironment(string key)
{
    private readonly Lock _gate = new();
    private readonly RecentFrames _recent = new();
    private bool _wasReordered;
    private ImmutableArray<Subscription> _subscriptions = [];
    private EnvironmentState _state = new(1, Snapshot.Compile(new Ruleset { Environment = key }), Reordered: false, default);

    public string Key => key;

    public EnvironmentState State => Volatile.Read(ref _state);

    public int Connections => _subscriptions.Length;

    /// <summary>Starts anew from a whole ruleset.</summary>
    public void Replace(Snapshot snapshot)
    {
        lock (_gate)
        {
            var ordinal = _state.Ordinal + 1;
            var state = new EnvironmentState(ordinal, snapshot, Reordered: false, new ClientState(ordinal, snapshot.Sequence));
            Volatile.Write(ref _state, state);
            _recent.StartFrom(state.Sequence);
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
            var concernsClients = flag.ClientVisible || present is { ClientVisible: true } || snapshot.AskersOf(flag.Key).Any(asker => asker.ClientVisible);
            var state = Next(snapshot, flag.Sequence, concernsClients);
            var frame = Frame.Flag(state.Ordinal, state.Sequence, flag) with { ForClients = concernsClients };
            Remember(frame, state);
            Publish(frame);
        }
    }

    /// <summary>Takes a change of a segment, layer or holdout: its state after an event, and the event.</summary>
    public void Apply(Population population, IEvent e)
    {
        lock (_gate)
        {
            var state = Next(population.ApplyTo(_state.Snapshot), e.Sequence, concernsClients: true);
            var part = Frame.Part(state.Ordinal, state.Sequence, population, e);
            Remember(part, state);
            Frame? whole = null;
            foreach (var subscription in _subscriptions)
                subscription.Offer(subscription.TakesParts ? part : whole ??= Frame.Ruleset(state));
        }
    }

    /// <summary>Everything from the state that is answered on, without a gap.</summary>
    /// <param name="known">The sequence the reader has, if it has one.</param>
    /// <param name="takesParts">Whether the reader takes a segment, layer or holdout by itself.</param>
    /// <returns>With what the reader missed, in order; null if it needs the whole ruleset.</returns>
    public (Subscription Subscription, EnvironmentState State, IReadOnlyList<Frame>? Missed) Subscribe(long? known = null, bool takesParts = false)
    {
        var subscription = new Subscription { TakesParts = takesParts };
        lock (_gate)
        {
            _subscriptions = _subscriptions.Add(subscription);
            return (subscription, _state, Missed(known, takesParts));
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

    private IReadOnlyList<Frame>? Missed(long? known, bool takesParts)
    {
        if (_state.IsKnownBy(known))
            return [];
        return takesParts && known < _state.Sequence ? _recent.After(known.Value) : null;
    }

    /// <summary>Where changes came the other way round, nobody's sequence says what it has: remembering begins anew.</summary>
    private void Remember(in Frame frame, EnvironmentState state)
    {
        if (state.Reordered)
            _recent.StartFrom(long.MaxValue);
        else if (_wasReordered)
            _recent.StartFrom(state.Sequence);
        else
            _recent.Add(frame);
        _wasReordered = state.Reordered;
    }

    private EnvironmentState Next(Snapshot snapshot, long sequence, bool concernsClients)
    {
        var late = sequence < _state.Sequence;
        var ordinal = _state.Ordinal + 1;
        var state = new EnvironmentState(
            ordinal,
            snapshot,
            late || (_state.Reordered && snapshot.Sequence == _state.Sequence),
            concernsClients ? new ClientState(ordinal, snapshot.Sequence) : _state.ForClients);
        Volatile.Write(ref _state, state);
        return state;
    }
}
