namespace Delivery.Contracts.Exposures;

/// <summary>Units do not reach the variants of a flag in the shares its configuration intends: a sample ratio mismatch.</summary>
/// <param name="Flag">The flag's key.</param>
/// <param name="Environment">The environment's key.</param>
/// <param name="Owner">The owner team's key, or null.</param>
/// <param name="Blocking">Whether p is below .001, where no decision should rest on the data; otherwise it is below .01.</param>
/// <param name="P">The sequential p-value over all allocation epochs, or of the present one.</param>
/// <param name="Detail">A sentence with the numbers.</param>
/// <param name="At">When it was found.</param>
public sealed record TrafficMismatch(
    string Flag, string Environment, string? Owner, bool Blocking, double P, string Detail, DateTimeOffset At);

/// <summary>A flag is met by much fewer units than was to be expected.</summary>
/// <param name="Flag">The flag's key.</param>
/// <param name="Environment">The environment's key.</param>
/// <param name="Owner">The owner team's key, or null.</param>
/// <param name="Units">Distinct units of the last span.</param>
/// <param name="ForecastUnits">How many were to be expected.</param>
/// <param name="P">The one-sided p-value that it is not much below the lowest of the spans it was compared with.</param>
/// <param name="Detail">A sentence with the numbers.</param>
/// <param name="At">When it was found.</param>
public sealed record TrafficFallen(
    string Flag, string Environment, string? Owner, long Units, double ForecastUnits, double P, string Detail, DateTimeOffset At);
