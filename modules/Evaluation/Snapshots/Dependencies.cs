namespace Delivery.Evaluation;

/// <summary>What a flag or segment reads: attributes, segments and other flags.</summary>
internal sealed class Dependencies
{
    internal HashSet<string> Attributes { get; } = new(StringComparer.Ordinal);

    internal HashSet<string> Segments { get; } = new(StringComparer.Ordinal);

    internal HashSet<string> Flags { get; } = new(StringComparer.Ordinal);

    internal void Read(UnitReference unit)
    {
        foreach (var name in unit.Names)
            Attributes.Add(name);
    }
}
