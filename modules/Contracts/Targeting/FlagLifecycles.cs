using Mediator;

namespace Delivery.Contracts.Targeting;

/// <summary>Asks for a flag's lifecycle; null when there is no such flag.</summary>
public sealed record GetFlagLifecycle(string Flag) : IQuery<FlagLifecycle?>;

/// <summary>Where a flag stands between its birth and its removal.</summary>
/// <param name="State">The word.</param>
/// <param name="Reasons">Why, in sentences with the numbers; empty for a flag that is active.</param>
/// <param name="AgeDays">Whole days since it was created.</param>
/// <param name="LastExposureAt">When the ledger last received an exposure of it; null: never.</param>
/// <param name="CodeReferences">Places in code that name it, by the newest upload of each repository; null while no code was ever uploaded.</param>
public sealed record FlagLifecycle(
    LifecycleState State, IReadOnlyList<LifecycleReason> Reasons, int AgeDays, DateTimeOffset? LastExposureAt, int? CodeReferences);

/// <summary>The words for where a flag stands.</summary>
public enum LifecycleState
{
    /// <summary>In use.</summary>
    Active = 1,

    /// <summary>Something says that its work is done; see the reasons.</summary>
    Stale = 2,

    /// <summary>No code refers to it any more and nobody meets it: it can be archived.</summary>
    ReadyToRemove = 3,

    /// <summary>Meant to stay: it carries the tag for that.</summary>
    Permanent = 4,

    /// <summary>Retired.</summary>
    Archived = 5,
}

/// <summary>One thing that says a flag's work is done.</summary>
/// <param name="Kind">What kind of thing.</param>
/// <param name="Sentence">With the numbers.</param>
public sealed record LifecycleReason(LifecycleReasonKind Kind, string Sentence);

/// <summary>What can say that a flag's work is done.</summary>
public enum LifecycleReasonKind
{
    /// <summary>The day it should have been gone has passed.</summary>
    Expired = 1,

    /// <summary>Nobody ever met it.</summary>
    NeverExposed = 2,

    /// <summary>Nobody met it for long.</summary>
    NotExposed = 3,

    /// <summary>Everybody who met it got the same variant for long.</summary>
    OneVariant = 4,

    /// <summary>Its configuration gives everybody the same variant for long.</summary>
    RolledOut = 5,

    /// <summary>No code refers to it any more.</summary>
    NoReferences = 6,

    /// <summary>It is older than flags should get.</summary>
    Old = 7,
}
