namespace Delivery.Statistics;

/// <summary>Sums over the units of one arm.</summary>
/// <param name="N">Units, those without an event included.</param>
/// <param name="Sum">Σx.</param>
/// <param name="SumSquares">Σx².</param>
public sealed record SampleSums(long N, double Sum, double SumSquares);

/// <summary>Sums of a yes/no metric.</summary>
/// <param name="N">Units.</param>
/// <param name="Sum">Units with a yes.</param>
public sealed record ProportionSums(long N, double Sum);

/// <summary>Sums of a ratio metric, numerator m over denominator d, both per unit.</summary>
/// <param name="M">Numerator.</param>
/// <param name="D">Denominator, same N.</param>
/// <param name="Md">Σ m·d.</param>
public sealed record RatioSums(SampleSums M, SampleSums D, double Md);

/// <summary>Sums for variance reduction: outcome y and the same unit's pre-exposure value x (0 for a unit without history).</summary>
/// <param name="Y">Outcome.</param>
/// <param name="X">Covariate, same N.</param>
/// <param name="Yx">Σ y·x.</param>
public sealed record CupedSums(SampleSums Y, SampleSums X, double Yx);
