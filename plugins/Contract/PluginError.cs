namespace Delivery.Plugins;

/// <summary>Why a call failed, as a value. Ports throw only <see cref="OperationCanceledException"/> for the caller's token.</summary>
/// <param name="Kind">What kind of failure.</param>
/// <param name="Message">For people: what was asked, what came back. No secrets.</param>
/// <param name="RetryAfter">When the backend said how long to wait.</param>
public sealed record PluginError(PluginErrorKind Kind, string Message, TimeSpan? RetryAfter = null)
{
    /// <summary>
    /// Whether the same call may succeed later without anybody changing anything. Follows from the kind: yes for
    /// <c>Throttled</c>, <c>Unavailable</c>, <c>Timeout</c>, <c>PartiallyApplied</c>; yes <em>after a read</em> for <c>Conflict</c>
    /// and <c>OutcomeUnknown</c>; no for the others. A plugin that knows better sets it.
    /// </summary>
    public Retryability Retry { get; init; } = Kind switch
    {
        PluginErrorKind.Throttled or PluginErrorKind.Unavailable or PluginErrorKind.Timeout or PluginErrorKind.PartiallyApplied => Retryability.Yes,
        PluginErrorKind.Conflict or PluginErrorKind.OutcomeUnknown => Retryability.AfterRead,
        _ => Retryability.No,
    };
}

/// <summary>What kind of failure.</summary>
public enum PluginErrorKind
{
    /// <summary>The backend refuses what was asked: it is wrong in itself (HTTP 400, 422).</summary>
    InvalidIntent = 0,

    /// <summary>This backend can't do it, as its capabilities say.</summary>
    Unsupported = 1,

    /// <summary>The route, arm, metric or object is not there (HTTP 404).</summary>
    NotFound = 2,

    /// <summary>Somebody else changed it since it was read, or a later generation was there first (HTTP 409, 412). Nothing was changed.</summary>
    Conflict = 3,

    /// <summary>Credentials are missing, wrong or not enough; a certificate that can't be trusted (HTTP 401, 403).</summary>
    Unauthorized = 4,

    /// <summary>Too much at once (HTTP 429).</summary>
    Throttled = 5,

    /// <summary>The backend can't be reached, or says that it can't now (refused, reset before the first byte of a write, HTTP 5xx).</summary>
    Unavailable = 6,

    /// <summary>No answer in time, and nothing was written: a read, or a write whose first byte was not sent.</summary>
    Timeout = 7,

    /// <summary>A part took effect; the last known state says which. Applying the same intent again brings the rest.</summary>
    PartiallyApplied = 8,

    /// <summary>A write was begun and no answer came: it may have taken effect. Read before you retry.</summary>
    OutcomeUnknown = 9,

    /// <summary>The plugin failed: an exception, or an answer of the backend that it does not understand.</summary>
    Internal = 10,
}

/// <summary>Whether the same call may succeed later.</summary>
public enum Retryability
{
    /// <summary>Not before somebody changes something.</summary>
    No = 0,

    /// <summary>Yes.</summary>
    Yes = 1,

    /// <summary>Yes, after reading what is there now.</summary>
    AfterRead = 2,
}
