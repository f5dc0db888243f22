namespace Delivery.Exposures.Verifying;

/// <summary>What a verification found.</summary>
/// <param name="Checked">Exposures looked at, repeated reports left out.</param>
/// <param name="Matching">Those that say what the flag gives.</param>
/// <param name="Differing">Those that say something else.</param>
/// <param name="Underivable">Those that can't be derived from what was recorded.</param>
/// <param name="Mismatches">Those that differ, newest first; at the most 1,000 of them.</param>
internal sealed record VerificationReport(
    long Checked, long Matching, long Differing, UnderivableCount Underivable, IReadOnlyList<Mismatch> Mismatches)
{
    /// <summary>Where to go on, as <c>before</c>: the range has more than the limit. Absent when it is through.</summary>
    public long? Next { get; init; }
}

/// <summary>Exposures that can't be derived.</summary>
/// <param name="Count">How many.</param>
/// <param name="Reasons">How many for each reason: <c>version-unknown</c>, <c>unit-forgotten</c>, <c>attributes-not-recorded</c>, <c>targeting-key-not-recorded</c>, <c>random-unit</c>, <c>time-not-recorded</c>, <c>sequence-not-recorded</c>, <c>attributes-withheld</c>.</param>
internal sealed record UnderivableCount(long Count, IReadOnlyDictionary<string, long> Reasons);

/// <summary>An exposure that says something else than its flag gives.</summary>
internal sealed record Mismatch(
    Guid ExposureId, long Position, string Environment, string Flag, string Unit, DecisionView Recorded, DecisionView Expected, LikelyCause LikelyCause);

/// <summary>What may have led to a mismatch.</summary>
internal enum LikelyCause
{
    /// <summary>Too many versions to look at, or none that tells.</summary>
    Unknown = 0,

    /// <summary>An earlier version or sequence gives what was recorded: the SDK evaluated an old ruleset.</summary>
    StaleSdk = 1,

    /// <summary>A later version gives it, or the recorded version is not the one of the recorded sequence.</summary>
    WrongVersion = 2,

    /// <summary>No version of the flag ever gave that: someone wrote it, in the SDK, on the way or in the table.</summary>
    Tampered = 3,
}
