using System.Diagnostics.CodeAnalysis;
using Delivery.Evaluation;

namespace Delivery.Client.Rulesets;

/// <summary>The ruleset in use. Readers take the reference once and never wait; one writer replaces it.</summary>
internal sealed class ServedRuleset
{
    private volatile Snapshot? _snapshot;
    private volatile bool _connected;

    /// <summary>Called when another configuration is in use.</summary>
    internal Action? Changed { get; set; }

    internal Snapshot? Snapshot => _snapshot;

    internal RulesetOrigin Origin { get; private set; }

    /// <summary>Whether changes arrive at present.</summary>
    internal bool Connected
    {
        get => _connected;
        set => _connected = value;
    }

    internal long Sequence => _snapshot?.Sequence ?? 0;

    /// <summary>
    /// Takes a whole ruleset, unless it is older than what the server sent before. One from disk gives way to any: the
    /// server may have a new database, in which sequences start again.
    /// </summary>
    internal bool TryReplace(Ruleset ruleset, RulesetOrigin origin)
    {
        if (_snapshot is { } present && Origin == RulesetOrigin.Server && ruleset.Sequence < present.Sequence)
            return false;
        _snapshot = Snapshot.Compile(ruleset);
        Origin = origin;
        Changed?.Invoke();
        return true;
    }

    /// <summary>Takes one flag's change, unless what is held of that flag is as new.</summary>
    internal bool TryChange(long sequence, FlagDefinition flag)
    {
        if (_snapshot is not { } present)
            return false;
        var changed = flag.Sequence > 0 ? flag.Sequence : sequence;
        if (Held(present, flag.Key, out var held) && held.Sequence >= changed)
            return false;
        _snapshot = present.With(flag).As(sequence);
        Changed?.Invoke();
        return true;
    }

    /// <summary>Takes the change of a segment, layer or holdout. False if one before it is missing: only a whole ruleset helps.</summary>
    internal bool TryChange(long sequence, RulesetPart part)
    {
        if (_snapshot is not { } present || part.ApplyTo(present, sequence) is not { } changed)
            return false;
        _snapshot = changed.As(sequence);
        Changed?.Invoke();
        return true;
    }

    private static bool Held(Snapshot snapshot, string key, [NotNullWhen(true)] out FlagDefinition? held)
    {
        held = snapshot.Definition(key);
        return held is not null;
    }
}
