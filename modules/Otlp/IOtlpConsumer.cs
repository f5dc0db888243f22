namespace Delivery.Otlp;

/// <summary>What a request says about all that it carries.</summary>
/// <param name="Environment">The environment the key is bound to, or the one the request names.</param>
/// <param name="IsBound">Whether the key is bound to it; otherwise what is carried may name another one.</param>
/// <param name="Digest">A hash of the inflated body: a request that is sent again has the same.</param>
/// <param name="ReceivedAt">When it came in.</param>
public sealed record OtlpRequest(string Environment, bool IsBound, UInt128 Digest, DateTimeOffset ReceivedAt);

/// <summary>
/// A module's interest in a signal. Every consumer of a signal gets every request; the sender is told that it was taken when all of
/// them have committed, and sends the whole request again otherwise. So a consumer must take a repetition as such.
/// </summary>
/// <typeparam name="TExport">The signal: <see cref="ExportLogsServiceRequest"/>, <see cref="ExportTraceServiceRequest"/> or <see cref="ExportMetricsServiceRequest"/>.</typeparam>
public interface IOtlpConsumer<in TExport>
{
    /// <summary>Takes what concerns the module, and passes over the rest.</summary>
    /// <param name="request">What the request says about all that it carries.</param>
    /// <param name="export">What was sent. It must not be changed: other consumers read it too.</param>
    /// <param name="cancellationToken">Ends the wait; what was handed over may be committed all the same.</param>
    Task<OtlpOutcome> TakeAsync(OtlpRequest request, TExport export, CancellationToken cancellationToken);
}

/// <summary>How taking a request ended. Closed.</summary>
public abstract record OtlpOutcome
{
    private OtlpOutcome()
    {
    }

    /// <summary>Committed, or of no concern.</summary>
    /// <param name="Rejected">How many log records, spans or data points could not be taken; sending them again is of no use.</param>
    /// <param name="Message">What was wrong with them; null when nothing was.</param>
    public sealed record Taken(long Rejected = 0, string? Message = null) : OtlpOutcome;

    /// <summary>More waits to be written than is held; nothing was taken.</summary>
    public sealed record TooMuch : OtlpOutcome;

    /// <summary>The database did not confirm; what was sent has to be sent again.</summary>
    public sealed record Unavailable : OtlpOutcome;
}
