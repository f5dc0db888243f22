namespace Delivery.Metrics.Health;

/// <summary>
/// Which units are counted: all, or one of 2^<paramref name="Halvings"/> by their hash, where memory does not do for more. It does not depend on
/// what a flag gave a unit, so that all arms lose the same share of their units.
/// </summary>
internal readonly record struct UnitSample(int Halvings)
{
    /// <summary>Of fewer than one in 4,096 nothing can be said in time.</summary>
    private const int MostHalvings = 12;

    /// <summary>Which share of the units is counted, in (0, 1].</summary>
    public double Share => Math.ScaleB(1, -Halvings);

    public bool CanHalve => Halvings < MostHalvings;

    /// <summary>Half of these units, and no other.</summary>
    public UnitSample Halved() => new(Halvings + 1);

    /// <summary>The hash is mixed again, because tables use its lowest bits.</summary>
    public bool Has(ulong unitHash) => Halvings == 0 || (unitHash * 0x9E3779B97F4A7C15) >> (64 - Halvings) == 0;
}
