using Delivery.Contracts.Commands;
using JasperFx.Events;

namespace Delivery.Targeting.Flags;

/// <summary>The end of every command on one stream: the expected version, then the decision's events or its refusal.</summary>
internal static class Finishing
{
    public static Outcome Finish<T>(this IEventStream<T> stream, Audit audit, string kind, string key, Decision decision)
        where T : notnull
    {
        var version = stream.CurrentVersion ?? 0;
        if (audit.ExpectedVersion is { } expected && expected != version)
            return new Outcome.Stale(kind, key, expected, version);
        switch (decision)
        {
            case Decision.Refuse refused:
                return refused.Outcome;
            case Decision.Append { Events: { Count: > 0 } events }:
                stream.AppendMany([.. events]);
                return new Outcome.Done(kind, key, version + events.Count);
            default:
                return new Outcome.Done(kind, key, version, Changed: false);
        }
    }
}
