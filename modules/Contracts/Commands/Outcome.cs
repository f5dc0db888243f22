namespace Delivery.Contracts.Commands;

/// <summary>How a command ended. Closed: every caller handles each case.</summary>
public abstract record Outcome
{
    private Outcome()
    {
    }

    /// <summary>Committed, or nothing to change (<paramref name="Changed"/> is false for a repeated command).</summary>
    /// <param name="Kind">What was changed: <c>flag</c>, <c>rollout</c>, ...</param>
    /// <param name="Key">Its key.</param>
    /// <param name="Version">The stream's version after the command; the ETag of the next <c>If-Match</c>.</param>
    /// <param name="Changed">Whether an event was appended.</param>
    public sealed record Done(string Kind, string Key, long Version, bool Changed = true) : Outcome;

    /// <summary>The input can't be taken; nothing was changed.</summary>
    public sealed record Invalid(IReadOnlyList<FieldError> Errors) : Outcome
    {
        /// <summary>One field is wrong.</summary>
        public Invalid(string field, string message)
            : this([new FieldError(field, message)])
        {
        }
    }

    /// <summary>The input is fine, the present state forbids it; nothing was changed.</summary>
    /// <param name="Code">A stable kebab-case word for programs, such as <c>flag-exists</c>.</param>
    /// <param name="Reason">A sentence for people.</param>
    public sealed record Refused(string Code, string Reason) : Outcome;

    /// <summary>There is no such thing.</summary>
    public sealed record NotFound(string Kind, string Key) : Outcome;

    /// <summary>Someone else changed it since the caller read it; nothing was changed.</summary>
    public sealed record Stale(string Kind, string Key, long ExpectedVersion, long? ActualVersion) : Outcome;

    /// <summary>The principal's role does not reach.</summary>
    public sealed record Forbidden(AccessRole Required) : Outcome;
}

/// <summary>What is wrong with one field of the input.</summary>
/// <param name="Field">The field's path as the caller wrote it, such as <c>rules[2].serve.split.weights[1].variant</c>.</param>
/// <param name="Message">What would be accepted.</param>
public sealed record FieldError(string Field, string Message);
