namespace Delivery.Plugins;

/// <summary>
/// Carries alerts to people: a webhook, a chat, a pager. The host owns retries, order and the record of what was
/// delivered; a channel translates one notification into one backend's call and says how it went.
/// </summary>
public interface INotificationChannel
{
    /// <summary>The kind that a team's channel names, in kebab case: <c>webhook</c>.</summary>
    string Kind { get; }

    /// <summary>What is wrong with the settings, by field; empty when they can be used. Does no I/O.</summary>
    IReadOnlyDictionary<string, string> Faults(ChannelSettings settings);

    /// <summary>
    /// Sends one notification. The same <see cref="Notification.Id"/> may come again after a crash or a lost answer; the
    /// receiver can tell by it.
    /// </summary>
    ValueTask<SendResult> SendAsync(Notification notification, ChannelSettings settings, CancellationToken cancellationToken);
}

/// <summary>Where one team's channel leads.</summary>
/// <param name="Address">The backend's address, such as a URL.</param>
/// <param name="Secret">What signs or opens it, already resolved; never logged. Null when the channel has none.</param>
public sealed record ChannelSettings(string Address, string? Secret);

/// <summary>What is sent.</summary>
/// <param name="Id">Unique per alert and channel; the same on every retry.</param>
/// <param name="AlertId">The alert's id.</param>
/// <param name="Kind">What kind of alert: <c>release-aborted</c>, ...</param>
/// <param name="State"><c>raised</c> or <c>resolved</c>.</param>
/// <param name="Severity"><c>info</c>, <c>warning</c> or <c>critical</c>.</param>
/// <param name="Team">The owner team's key.</param>
/// <param name="Subject">What it is about, such as <c>rollout/new-checkout</c>.</param>
/// <param name="Title">One line.</param>
/// <param name="Detail">The sentence with the numbers.</param>
/// <param name="EvidenceJson">What was looked at, as a JSON document; null when there is none.</param>
/// <param name="At">When.</param>
public sealed record Notification(
    string Id,
    string AlertId,
    string Kind,
    string State,
    string Severity,
    string Team,
    string Subject,
    string Title,
    string Detail,
    string? EvidenceJson,
    DateTimeOffset At);

/// <summary>How a sending ended. Closed.</summary>
public abstract record SendResult
{
    private SendResult()
    {
    }

    /// <summary>The backend took it.</summary>
    public sealed record Delivered : SendResult;

    /// <summary>The backend did not take it.</summary>
    /// <param name="Reason">Why, for people; without secrets.</param>
    /// <param name="Retryable">Whether the same sending may succeed later.</param>
    public sealed record Failed(string Reason, bool Retryable) : SendResult;
}
