using Delivery.Contracts.Metrics;

namespace Delivery.Metrics.Folding;

/// <summary>A flag since one of its versions, and what is measured of the units that met it.</summary>
internal sealed record FollowedFlag(string Flag, long FromVersion, IReadOnlyList<MetricToMeasure> Metrics);

/// <summary>A variant of one epoch. At the same instant the lower version comes first, then the variant.</summary>
internal readonly record struct Arm(long Version, string Variant) : IComparable<Arm>
{
    public int CompareTo(Arm other) => Version != other.Version ? Version.CompareTo(other.Version) : string.CompareOrdinal(Variant, other.Variant);
}

/// <summary>A followed flag in a fold: its arms by number, in the order in which they were met.</summary>
internal sealed class FlagFold(FollowedFlag followed, SourceTable sources, TimeSpan history)
{
    private readonly Dictionary<Arm, int> _numbers = [];
    private readonly List<Arm> _arms = [];
    private int _last;

    public FollowedFlag Followed { get; } = followed;

    public FlagPlan Plan { get; } = new(followed.Metrics.Select(m => m.Definition), sources, history.Ticks);

    public IReadOnlyList<Arm> Arms => _arms;

    public int NumberOf(Arm arm)
    {
        if (_last < _arms.Count && _arms[_last] == arm)
            return _last;
        if (!_numbers.TryGetValue(arm, out var number))
        {
            _numbers.Add(arm, number = _arms.Count);
            _arms.Add(arm);
        }

        return _last = number;
    }
}
