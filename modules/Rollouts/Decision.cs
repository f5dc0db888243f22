namespace Delivery.Rollouts;

/// <summary>What a pure decision says.</summary>
internal abstract record Decision
{
    private Decision()
    {
    }

    /// <summary>Append these; none when it was decided before.</summary>
    public sealed record Take(IReadOnlyList<object> Events) : Decision;

    /// <summary>The present state forbids it.</summary>
    public sealed record Refuse(string Code, string Reason) : Decision;

    public static Decision Nothing { get; } = new Take([]);

    public static Decision Of(params object[] events) => new Take(events);
}
