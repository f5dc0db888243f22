namespace Delivery.Statistics;

/// <summary>Why a split can't be tested.</summary>
public enum SplitRefusal
{
    /// <summary>Fewer than two arms, or not one weight per arm.</summary>
    ArmsAndWeightsDiffer,

    /// <summary>A weight is not a positive, finite number, or is more than 1e12 times another.</summary>
    WeightNotPositive,

    /// <summary>A count is negative or beyond 1e15.</summary>
    CountOutOfRange,
}

/// <summary>Units per arm under one allocation, which did not change while they were assigned.</summary>
/// <param name="Users">Units of each arm.</param>
/// <param name="Weights">Intended weights; any positive scale.</param>
public sealed record SplitCounts(IReadOnlyList<long> Users, IReadOnlyList<double> Weights)
{
    /// <summary>Largest count of an arm; larger ones are not exact as doubles.</summary>
    public const long MostUsers = 1_000_000_000_000_000;

    /// <summary>Largest ratio of two weights; beyond it an expected count underflows and χ² is no number any more.</summary>
    public const double WidestSplit = 1e12;

    /// <summary>Units of all arms.</summary>
    public long Total => Users.Sum();

    /// <summary>Why the split can't be tested; null when it can.</summary>
    public SplitRefusal? Refusal
    {
        get
        {
            if (Users.Count < 2 || Users.Count != Weights.Count) return SplitRefusal.ArmsAndWeightsDiffer;
            if (Users.Any(n => n is < 0 or > MostUsers)) return SplitRefusal.CountOutOfRange;
            return Usable(Weights) ? null : SplitRefusal.WeightNotPositive;
        }
    }

    /// <summary>Intended share of an arm, in (0, 1).</summary>
    public double Share(int arm) => Weights[arm] / Weights.Sum();

    /// <summary>Whether shares can be made of them: positive, finite, none more than <see cref="WidestSplit"/> times another.</summary>
    public static bool Usable(IReadOnlyList<double> weights) =>
        weights.All(w => w > 0) && double.IsFinite(weights.Sum()) && (weights.Count == 0 || weights.Max() / weights.Min() <= WidestSplit);
}
