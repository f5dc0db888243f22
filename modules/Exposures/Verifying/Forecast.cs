using Delivery.Statistics;

namespace Delivery.Exposures.Verifying;

/// <summary>How much a flag was met in one span, by the time of receipt.</summary>
/// <param name="Units">Distinct units.</param>
internal sealed record TrafficSpan(DateTimeOffset From, DateTimeOffset To, long Units);

/// <summary>
/// The traffic of the last span against a forecast from like spans before it: a day and a week earlier, which have the same time of day and, the latter, the same day
/// of the week. Where the flag was not met for so long yet, yesterday's alone, or the span just before, and only a fall to a tenth of it is one.
/// </summary>
/// <param name="Now">The span that is looked at.</param>
/// <param name="ComparedWith">What the forecast is from.</param>
/// <param name="ForecastUnits">The mean of these; absent without any.</param>
/// <param name="Level">Absent without a forecast.</param>
/// <param name="P">
/// The smaller of two one-sided p-values of one look: that it is not below half (or a tenth) of the lowest of these, and not above twice (or ten times) the highest (<see cref="RateFall"/>).
/// </param>
internal sealed record TrafficForecast(
    TrafficSpan Now, IReadOnlyList<TrafficSpan> ComparedWith, double? ForecastUnits, TrafficLevel? Level, double? P)
{
    /// <summary>People come neither evenly nor independently: only much less, or much more, is news.</summary>
    private const double Much = 0.5;

    /// <summary>Where the day of the week may explain it.</summary>
    private const double VeryMuch = 0.1;

    private const double Significance = 0.001;

    private static readonly TimeSpan[] Likes = [TimeSpan.FromDays(1), TimeSpan.FromDays(7)];

    /// <summary>Where the last span and those it may be compared with begin, newest first.</summary>
    /// <param name="now">The end of the last span.</param>
    /// <param name="length">Of each; at most 7 days.</param>
    public static IReadOnlyList<DateTimeOffset> Begins(DateTimeOffset now, TimeSpan length) =>
        [now - length, now - (2 * length), .. Likes.Where(ago => ago > length).Select(ago => now - length - ago)];

    /// <param name="spans">As <see cref="Begins"/> orders them.</param>
    /// <param name="metSince">When the flag was met first, as far back as the spans go; null when it was not.</param>
    public static TrafficForecast Of(IReadOnlyList<TrafficSpan> spans, DateTimeOffset? metSince)
    {
        List<TrafficSpan> compared = [.. spans.Skip(2).Where(span => span.From >= metSince)];
        if (compared.Count == 0 && spans[1].From >= metSince)
            compared.Add(spans[1]);
        if (compared.Count == 0)
            return new TrafficForecast(spans[0], [], null, null, null);
        var (units, lowest, highest) = (spans[0].Units, compared.Min(span => span.Units), compared.Max(span => span.Units));
        var much = compared.Any(span => spans[0].From - span.From >= TimeSpan.FromDays(7)) ? Much : VeryMuch;
        var (fallen, risen) = (RateFall.P(units, lowest, much), RateFall.P(highest, units, much));
        return new TrafficForecast(
            spans[0], compared, compared.Average(span => span.Units),
            fallen < Significance ? TrafficLevel.Fallen : risen < Significance ? TrafficLevel.Risen : TrafficLevel.AsForecast,
            Math.Min(fallen, risen));
    }
}

/// <summary>How traffic is, against what was to be expected.</summary>
internal enum TrafficLevel
{
    /// <summary>Neither much less nor much more.</summary>
    AsForecast = 1,

    /// <summary>Less than half (or a tenth) of the least: it does not reach who it should. The owner is told.</summary>
    Fallen = 2,

    /// <summary>More than twice (or ten times) the most. Nobody is told: more people came, or the flag is asked in more places.</summary>
    Risen = 3,
}
