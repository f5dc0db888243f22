using Mediator;

namespace Delivery.Contracts.Commands;

/// <summary>
/// Asks a module to change something. Sent with <see cref="ISender"/>; the pipeline checks the role, remembers the
/// idempotency key, sets the audit metadata, commits what the handler appended and answers with an <see cref="Outcome"/>.
/// A handler appends to the scoped Marten session and never saves it.
/// </summary>
/// <param name="Audit">Who, why, in which conversation.</param>
public abstract record Command(Audit Audit) : ICommand<Outcome>
{
    /// <summary>The least role that may send this command.</summary>
    public virtual AccessRole RequiredRole => AccessRole.Operator;

    /// <summary>
    /// Whether the sender means the same whatever was committed a moment before (stop it, turn it off): a command that gives no version and
    /// loses to another change of its stream is then decided again instead of being answered with <see cref="Outcome.Stale"/>.
    /// </summary>
    public virtual bool HoldsWhateverChanged => false;
}
