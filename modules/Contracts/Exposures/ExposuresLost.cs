namespace Delivery.Contracts.Exposures;

/// <summary>
/// The server evaluated flags for clients and could not keep the exposures: more waited to be written than it holds. Told as it
/// begins, while it may go on.
/// </summary>
/// <param name="Source">The server that lost them: the <c>source</c> of the exposures it did write.</param>
/// <param name="Lost">How many so far, since that server started.</param>
/// <param name="Waiting">How many may wait, which was not enough.</param>
/// <param name="At">When it was seen.</param>
public sealed record ExposuresLost(string Source, long Lost, int Waiting, DateTimeOffset At);
