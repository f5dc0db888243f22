namespace Delivery.Contracts.Commands;

/// <summary>
/// Who asks for a change, why, and in which conversation. Every command carries one; it becomes the metadata of the events.
/// </summary>
/// <param name="Principal">Who: a key's name such as <c>alice</c>, or the part of the platform that decided, such as <c>breaker</c>.</param>
/// <param name="Role">What the principal may do; checked once more in the command pipeline.</param>
/// <param name="CorrelationId">What all events of one conversation share.</param>
/// <param name="CausationId">What directly led to this command: an event's id or a request's id.</param>
/// <param name="Comment">Why, in the principal's words; at most 2,000 characters.</param>
/// <param name="ExpectedVersion">The stream version the principal saw (<c>If-Match</c>); null accepts any.</param>
/// <param name="IdempotencyKey">A repeated command with the same key changes nothing and gets the first answer.</param>
public sealed record Audit(
    string Principal,
    AccessRole Role,
    string CorrelationId,
    string? CausationId = null,
    string? Comment = null,
    long? ExpectedVersion = null,
    string? IdempotencyKey = null)
{
    /// <summary>The platform itself, deciding in the named part.</summary>
    public static Audit Platform(string part, string correlationId, string? causationId = null, string? comment = null) =>
        new(part, AccessRole.Admin, correlationId, causationId, comment);
}
