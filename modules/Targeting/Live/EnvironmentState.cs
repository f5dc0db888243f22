using Delivery.Evaluation;

namespace Delivery.Targeting.Live;

/// <summary>An environment's configuration at one moment. Immutable; readers take the reference and evaluate.</summary>
/// <param name="Ordinal">How many changes this process applied before; orders the frames of a stream.</param>
/// <param name="Snapshot">The compiled ruleset.</param>
/// <param name="Reordered">
/// A change with a lower sequence was applied after a higher one (their transactions committed the other way round on the
/// way to this process): whoever says "I have this sequence" may still lack it, and gets the whole ruleset.
/// </param>
/// <param name="ForClients">The last change that a client key can notice: one of a flag it sees, or of what such a flag asks about.</param>
internal sealed record EnvironmentState(long Ordinal, Snapshot Snapshot, bool Reordered, ClientState ForClients)
{
    private byte[]? _rulesetJson;

    public long Sequence => Snapshot.Sequence;

    /// <summary>The ruleset as an SDK downloads it; made once, when someone asks.</summary>
    public byte[] RulesetJson => _rulesetJson ??= Evaluation.RulesetJson.Write(Snapshot.ToRuleset());

    /// <summary>Whether a reader that has a sequence has this state.</summary>
    public bool IsKnownBy(long? sequence) => sequence == Sequence && !Reordered;

    public bool Equals(EnvironmentState? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => Ordinal.GetHashCode();
}

/// <summary>A moment in an environment's changes, as far as client keys can notice them.</summary>
/// <param name="Ordinal">The change's <see cref="EnvironmentState.Ordinal"/>.</param>
/// <param name="Sequence">Its configuration sequence.</param>
internal readonly record struct ClientState(long Ordinal, long Sequence);
