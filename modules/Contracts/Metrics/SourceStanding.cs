namespace Delivery.Contracts.Metrics;

/// <summary>
/// How the metric source stands that a route's numbers come from. Only <see cref="SourceOutcome.Ok"/> is decided on: anything else is
/// neither healthy nor a failure, and is shown.
/// </summary>
/// <param name="Source">The source's instance.</param>
/// <param name="Outcome">What it answered last for the present stage.</param>
/// <param name="Why">In its own words; null when all is well.</param>
/// <param name="Since">Since when its answers are whole, or are not.</param>
public sealed record SourceStanding(string Source, SourceOutcome Outcome, string? Why, DateTimeOffset Since)
{
    /// <summary>Whether it may be decided on.</summary>
    public bool IsWhole => Outcome == SourceOutcome.Ok;
}

/// <summary>What a metric source answered; ordered by how little it says.</summary>
public enum SourceOutcome
{
    /// <summary>Every arm has fresh data.</summary>
    Ok = 0,

    /// <summary>There is data, and some arm's newest is too old.</summary>
    Stale = 1,

    /// <summary>Some arms have data, or the source said that its answer is not whole.</summary>
    Partial = 2,

    /// <summary>No arm has data: not zero.</summary>
    NoData = 3,

    /// <summary>It could not be asked, or failed.</summary>
    Error = 4,

    /// <summary>It was asked and has not answered yet.</summary>
    Silent = 5,
}
