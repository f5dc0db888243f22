using JasperFx.Events;

namespace Delivery.Targeting.Changes;

/// <summary>The why that the command pipeline keeps with every event.</summary>
internal static class EventComment
{
    public static string? Comment(this IEvent e) =>
        e.Headers?.GetValueOrDefault("comment")?.ToString() is { Length: > 0 } comment ? comment : null;
}
