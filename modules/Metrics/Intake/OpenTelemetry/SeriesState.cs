namespace Delivery.Metrics.Intake.OpenTelemetry;

/// <summary>A point of a cumulative series: what it counted since its start.</summary>
/// <param name="Series">Which series.</param>
/// <param name="Start">Since when, in nanoseconds since 1970; 0 when nobody told.</param>
/// <param name="Time">Up to when.</param>
/// <param name="Body">The point as protobuf.</param>
internal sealed record CumulativePoint(UInt128 Series, ulong Start, ulong Time, byte[] Body);

/// <summary>A point as it was sent.</summary>
/// <param name="Environment">Where it belongs.</param>
/// <param name="Sender">A hash of environment and resource: series of one sender have the same.</param>
/// <param name="Point">The point.</param>
internal sealed record SentPoint(string Environment, ulong Sender, CumulativePoint Point)
{
    public UInt128 Series => Point.Series;
}

/// <summary>From what a point of a cumulative series is counted on. Closed.</summary>
internal abstract record CountedFrom
{
    private CountedFrom()
    {
    }

    /// <summary>From an earlier point: what it holds was counted.</summary>
    public sealed record Point(byte[] Body) : CountedFrom;

    /// <summary>From its own start: nothing of it was counted.</summary>
    public sealed record Start : CountedFrom
    {
        public static Start Instance { get; } = new();
    }

    /// <summary>Not at all: a later point included it, or what was counted before it is not known.</summary>
    public sealed record Nothing : CountedFrom
    {
        public static Nothing Instance { get; } = new();
    }

    /// <summary>Not at all: its environment has as many series as it may.</summary>
    public sealed record Refused : CountedFrom
    {
        public static Refused Instance { get; } = new();
    }
}

/// <summary>What is remembered of a cumulative series, so that its next point counts what is new.</summary>
/// <param name="Last">Its newest point.</param>
/// <param name="Before">What <paramref name="Last"/> was counted from; null for its own start.</param>
/// <param name="IsBaseline"><paramref name="Last"/> itself was not counted.</param>
/// <param name="Confirmed">The events of <paramref name="Last"/> are committed; otherwise the next point counts them too.</param>
internal sealed record SeriesState(CumulativePoint Last, byte[]? Before, bool IsBaseline, bool Confirmed)
{
    /// <summary>Takes a point. A repeated one is counted from where it was before, so it makes the same events again.</summary>
    /// <param name="state">What is remembered; null for a new series.</param>
    /// <param name="point">The point.</param>
    /// <param name="oldest">A series that began before this may have been counted and forgotten.</param>
    public static (SeriesState State, CountedFrom From) Take(SeriesState? state, CumulativePoint point, ulong oldest)
    {
        if (state is null)
        {
            var isBaseline = point.Start < oldest;
            return (new SeriesState(point, null, isBaseline, isBaseline), isBaseline ? CountedFrom.Nothing.Instance : CountedFrom.Start.Instance);
        }

        if (point.Time < state.Last.Time)
            return (state, CountedFrom.Nothing.Instance);
        if (point.Time == state.Last.Time)
            return (state, state.IsBaseline ? CountedFrom.Nothing.Instance : From(state.Before));
        if (point.Start != state.Last.Start)
            return (new SeriesState(point, null, false, false), CountedFrom.Start.Instance);
        var before = state.Confirmed ? state.Last.Body : state.Before;
        return (new SeriesState(point, before, false, false), From(before));
    }

    private static CountedFrom From(byte[]? before) => before is null ? CountedFrom.Start.Instance : new CountedFrom.Point(before);
}
