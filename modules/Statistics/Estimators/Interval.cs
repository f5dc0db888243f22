namespace Delivery.Statistics;

/// <summary>A range of plausible values. A missing side is unbounded: a one-sided statement says nothing there.</summary>
/// <param name="Lower">Lower end, finite; null when unbounded below.</param>
/// <param name="Upper">Upper end, finite; null when unbounded above.</param>
public sealed record Interval(double? Lower, double? Upper)
{
    /// <summary>True when the value is not ruled out.</summary>
    public bool Contains(double value) => !(value < Lower) && !(value > Upper);
}
