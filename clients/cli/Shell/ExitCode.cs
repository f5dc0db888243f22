namespace Delivery.Cli;

/// <summary>How a command ended, as scripts see it.</summary>
internal enum ExitCode
{
    Done = 0,

    /// <summary>The server refused for a reason that has no status of its own here.</summary>
    Refused = 1,

    /// <summary>Wrong words, or input that can't be taken.</summary>
    Usage = 2,

    /// <summary>No key, a wrong one, or one whose role does not reach.</summary>
    Unauthorized = 3,

    /// <summary>There is no such thing.</summary>
    NotFound = 4,

    /// <summary>Someone else changed it, or its state forbids the change.</summary>
    Conflict = 5,

    /// <summary>The server can't be reached, failed, or has too much to do.</summary>
    Unavailable = 6,

    /// <summary>Stopped by Ctrl-C.</summary>
    Cancelled = 130,
}
