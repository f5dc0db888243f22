using System.Globalization;
using Delivery.Contracts.Http;
using JasperFx.Events;
using Marten;

namespace Delivery.Targeting.Flags;

/// <summary>A point of the past: a global sequence, or a time.</summary>
internal abstract record Moment
{
    private Moment()
    {
    }

    public sealed record AtSequence(long Sequence) : Moment;

    public sealed record AtTime(DateTimeOffset Time) : Moment;

    /// <exception cref="InvalidRequest">It is neither.</exception>
    public static Moment Parse(string at)
    {
        if (long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence))
            return new AtSequence(sequence);
        return DateTimeOffset.TryParse(at, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? new AtTime(time.ToUniversalTime())
            : throw new InvalidRequest("at", "a sequence such as 4711, or an ISO 8601 time such as 2026-11-23T07:17:00Z");
    }

    public bool Includes(IEvent e) => this switch
    {
        AtSequence at => e.Sequence <= at.Sequence,
        AtTime at => e.Timestamp <= at.Time,
        _ => false,
    };
}

/// <summary>Flags as they were, from their events.</summary>
internal static class FlagHistory
{
    public static async Task<Flag?> AsOfAsync(IQuerySession session, string key, Moment at, CancellationToken cancellationToken) =>
        Fold((await session.Events.FetchStreamAsync(Flag.Stream(key), token: cancellationToken)).Where(at.Includes));

    public static Flag? Fold(IEnumerable<IEvent> events) => events.Aggregate((Flag?)null, Apply);

    public static Flag? Apply(Flag? flag, IEvent e) => e switch
    {
        IEvent<FlagCreated> created => Flag.Create(created),
        IEvent<FlagDefined> x => flag?.Apply(x),
        IEvent<FlagArchived> x => flag?.Apply(x),
        IEvent<FlagConfigured> x => flag?.Apply(x),
        IEvent<FlagKilled> x => flag?.Apply(x),
        IEvent<FlagRestored> x => flag?.Apply(x),
        IEvent<ReleaseOpened> x => flag?.Apply(x),
        IEvent<ReleaseClosed> x => flag?.Apply(x),
        _ => flag,
    };
}
