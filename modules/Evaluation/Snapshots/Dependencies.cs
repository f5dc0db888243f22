namespace Delivery.Evaluation;

/// <summary>What a flag or segment reads: attributes, segments and other flags.</summary>
internal sealed class Dependencies
{
    internal HashSet<string> Attributes { get; } = new(StringComparer.Ordinal);

    internal HashSet<string> Segments { get; } = new(StringComparer.Ordinal);

    internal HashSet<string> Flags { get; } = new(StringComparer.Ordinal);

    internal Dependencies Copy()
    {
        var copy = new Dependencies();
        copy.Attributes.UnionWith(Attributes);
        copy.Segments.UnionWith(Segments);
        copy.Flags.UnionWith(Flags);
        return copy;
    }

    internal void Read(UnitReference unit)
    {
        foreach (var name in unit.Names)
            Attributes.Add(name);
    }
}
