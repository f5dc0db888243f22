namespace Delivery.Contracts.Targeting;

/// <summary>A flag's definition or configuration changed; published after commit. Order is not promised: read the flag, or compare <paramref name="Version"/>.</summary>
/// <param name="Flag">The flag's key.</param>
/// <param name="Version">Its stream version after the change.</param>
/// <param name="Change">What happened, as the event's kebab-case name, such as <c>flag-killed</c>.</param>
/// <param name="Environments">The environments whose evaluation may differ now.</param>
public sealed record FlagChanged(string Flag, long Version, string Change, IReadOnlyList<string> Environments);
