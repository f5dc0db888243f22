namespace Delivery.Contracts.Exposures;

/// <summary>
/// The ledger as a log: every committed exposure, once, in the order of its position. A reader that keeps the last
/// position it folded can stop at any moment and go on exactly there; that is how counts survive a crash without
/// counting twice.
/// </summary>
public interface IExposureFeed
{
    /// <summary>The last committed position; 0 when the ledger is empty.</summary>
    ValueTask<long> HeadAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Batches after <paramref name="afterPosition"/>, in order, without gaps or repeats. Waits for new rows at the head
    /// (woken by the commit, so within milliseconds) until cancelled.
    /// </summary>
    IAsyncEnumerable<IReadOnlyList<RecordedExposure>> ReadAsync(long afterPosition, CancellationToken cancellationToken);
}

/// <summary>One exposure as the ledger keeps it.</summary>
/// <param name="Position">Its place in the ledger: 1, 2, 3, ... in commit order.</param>
/// <param name="Id">The id its sender gave it; a repeated id is a repeated report of the same exposure.</param>
/// <param name="Environment">The environment's key.</param>
/// <param name="Flag">The flag's key.</param>
/// <param name="Variant">The variant's key.</param>
/// <param name="Unit">The unit's key.</param>
/// <param name="UnitHash">XxHash3 of the unit's key in UTF-8: the partition key.</param>
/// <param name="Reason">Why, in OpenFeature's words: <c>SPLIT</c>, <c>TARGETING_MATCH</c>, <c>DEFAULT</c>, ...</param>
/// <param name="RuleId">The rule that decided, or null.</param>
/// <param name="FlagVersion">The flag's stream version that was evaluated.</param>
/// <param name="Sequence">The configuration sequence that was evaluated.</param>
/// <param name="Time">When the unit met the flag, by the sender's clock.</param>
/// <param name="ReceivedAt">When the ledger committed it.</param>
public sealed record RecordedExposure(
    long Position,
    Guid Id,
    string Environment,
    string Flag,
    string Variant,
    string Unit,
    ulong UnitHash,
    string Reason,
    string? RuleId,
    long FlagVersion,
    long Sequence,
    DateTimeOffset Time,
    DateTimeOffset ReceivedAt);
