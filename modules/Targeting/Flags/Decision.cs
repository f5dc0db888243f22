using Delivery.Contracts.Commands;

namespace Delivery.Targeting.Flags;

/// <summary>What a decision came to: events to append (none for a repeated command), or a refusal.</summary>
internal abstract record Decision
{
    private Decision()
    {
    }

    public static Decision Nothing { get; } = new Append([]);

    public static Decision Of(object e) => new Append([e]);

    public static Decision Refused(string code, string reason) => new Refuse(new Outcome.Refused(code, reason));

    public static Decision Invalid(IReadOnlyList<FieldError> faults) => new Refuse(new Outcome.Invalid(faults));

    public sealed record Append(IReadOnlyList<object> Events) : Decision;

    public sealed record Refuse(Outcome Outcome) : Decision;
}
