namespace Delivery.Metrics.Health;

/// <summary>What became of a row.</summary>
internal enum Folded
{
    /// <summary>Counted.</summary>
    Counted,

    /// <summary>Its id was counted before.</summary>
    Repeated,

    /// <summary>Received longer after its time than <see cref="FoldLimits.Lateness"/>.</summary>
    TooLate,

    /// <summary>Its time is further ahead of its receipt than <see cref="FoldLimits.ClockAhead"/>.</summary>
    FromTheFuture,

    /// <summary>Its unit is none of those that are counted since memory did not do for all (<see cref="UnitSample"/>).</summary>
    NotSampled,

    /// <summary>It needed one more cell or event name than the limits allow.</summary>
    OverLimit,
}

/// <summary>How many rows became what, since the start of the replay. Nothing is left out silently.</summary>
internal readonly record struct FoldTally(long Counted = 0, long Repeated = 0, long TooLate = 0, long FromTheFuture = 0, long OverLimit = 0, long NotSampled = 0)
{
    public long Rows => Counted + Repeated + TooLate + FromTheFuture + OverLimit + NotSampled;

    public FoldTally With(Folded folded) => folded switch
    {
        Folded.Counted => this with { Counted = Counted + 1 },
        Folded.Repeated => this with { Repeated = Repeated + 1 },
        Folded.TooLate => this with { TooLate = TooLate + 1 },
        Folded.FromTheFuture => this with { FromTheFuture = FromTheFuture + 1 },
        Folded.NotSampled => this with { NotSampled = NotSampled + 1 },
        Folded.OverLimit => this with { OverLimit = OverLimit + 1 },
        _ => throw new ArgumentOutOfRangeException(nameof(folded), folded, "no such fate of a row"),
    };
}
