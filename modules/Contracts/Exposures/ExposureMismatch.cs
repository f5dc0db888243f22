namespace Delivery.Contracts.Exposures;

/// <summary>
/// The continuous verifier found exposures that the flag's version and the recorded attributes do not give. It names one of
/// them and no unit: a unit can be forgotten, a fact can't.
/// </summary>
/// <param name="Flag">The flag's key.</param>
/// <param name="Environment">The environment's key.</param>
/// <param name="Owner">The owner team's key, or null.</param>
/// <param name="Checked">Exposures in the sample, of all flags.</param>
/// <param name="Mismatches">How many of the flag's did not verify.</param>
/// <param name="ExposureId">One of them.</param>
/// <param name="Position">Its place in the ledger.</param>
/// <param name="Recorded">What it says, in one line.</param>
/// <param name="Expected">What the flag gives, in one line.</param>
/// <param name="LikelyCause"><c>stale-sdk</c>, <c>wrong-version</c>, <c>tampered</c> or <c>unknown</c>.</param>
/// <param name="At">When it was found.</param>
public sealed record ExposureMismatch(
    string Flag,
    string Environment,
    string? Owner,
    long Checked,
    long Mismatches,
    Guid ExposureId,
    long Position,
    string Recorded,
    string Expected,
    string LikelyCause,
    DateTimeOffset At);
