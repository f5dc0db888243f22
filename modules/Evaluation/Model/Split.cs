namespace Delivery.Evaluation;

/// <summary>
/// A weighted assignment of units to variants, open to a part of the matching population.
/// </summary>
/// <remarks>
/// A unit has two buckets from independent salts: the exposure bucket (salt + <c>/exposure</c>) decides whether the split
/// is open to the unit, the split bucket (salt) decides the variant. Raising the exposure percentage therefore never
/// moves an exposed unit. A unit that is not exposed falls through to the next rule.
/// </remarks>
/// <param name="ExposurePartsPerMillion">
/// The exposure percentage in parts per million, from 0 (nobody) to 1,000,000 (everyone who matches; the default).
/// 1 % is 10,000.
/// </param>
public sealed record Split(int ExposurePartsPerMillion = Split.FullExposure)
{
    /// <summary>An exposure of 100 %.</summary>
    public const int FullExposure = 1_000_000;

    /// <summary>The attribute that names the unit. Default: the targeting key.</summary>
    public string UnitAttribute { get; init => field = value ?? Attributes.TargetingKey; } = Attributes.TargetingKey;

    /// <summary>Attributes to take the unit from, in order, where <see cref="UnitAttribute"/> is missing.</summary>
    public IReadOnlyList<string> FallbackUnitAttributes { get; init => field = value ?? []; } = [];

    /// <summary>
    /// True: where no attribute names a unit, use the context's random seed (Unleash's <c>random</c> stickiness). Such
    /// an assignment is not sticky.
    /// </summary>
    public bool RandomUnit { get; init; }

    /// <summary>What makes this split independent of others. Never change it while the split is live.</summary>
    public string Salt { get; init => field = value ?? ""; } = "";

    /// <summary>One of <see cref="BucketingAlgorithm"/>.</summary>
    public string Algorithm { get; init => field = value ?? BucketingAlgorithm.XxHash3; } = BucketingAlgorithm.XxHash3;

    /// <summary>The variants' weights, laid out in this order. Any non-negative integers; basis points by convention.</summary>
    public IReadOnlyList<VariantWeight> Weights { get; init => field = value ?? []; } = [];

    /// <summary>
    /// The whole that weights and ranges are parts of. Null: the sum of the weights. What weights or ranges leave free
    /// is the unexposed pool: its units fall through. Import uses the vendor's bucket count (1,000 for
    /// <c>growthbook-v1</c>, 10,000 for <c>growthbook-v2</c>, 100 for <c>unleash</c>).
    /// </summary>
    public int? TotalWeight { get; init; }

    /// <summary>
    /// Explicit ranges of the split bucket; where there are any, they decide and the weights are documentation. The
    /// first range that holds the bucket wins.
    /// </summary>
    public IReadOnlyList<VariantRange> Ranges { get; init => field = value ?? []; } = [];

    /// <summary>Further hash gates that a unit must pass (GrowthBook namespaces and filters, Unleash rollout).</summary>
    public IReadOnlyList<BucketFilter> Filters { get; init => field = value ?? []; } = [];
}

/// <summary>A variant's part of a split.</summary>
/// <param name="Variant">Key of the variant.</param>
/// <param name="Weight">Its part of <see cref="Split.TotalWeight"/>.</param>
public sealed record VariantWeight(string Variant, int Weight);

/// <summary>A run of split buckets that gets a variant.</summary>
/// <param name="Variant">Key of the variant.</param>
/// <param name="Start">First bucket, inclusive.</param>
/// <param name="End">Last bucket, exclusive; at most <see cref="Split.TotalWeight"/>.</param>
public sealed record VariantRange(string Variant, int Start, int End);

/// <summary>A run of buckets.</summary>
/// <param name="Start">First bucket, inclusive.</param>
/// <param name="End">Last bucket, exclusive.</param>
public sealed record BucketRange(int Start, int End);

/// <summary>A gate that lets through the units whose bucket is in one of its ranges.</summary>
public sealed record BucketFilter
{
    /// <summary>The attribute that names the unit. Default: the targeting key.</summary>
    public string UnitAttribute { get; init => field = value ?? Attributes.TargetingKey; } = Attributes.TargetingKey;

    /// <summary>Attributes to take the unit from, in order, where <see cref="UnitAttribute"/> is missing.</summary>
    public IReadOnlyList<string> FallbackUnitAttributes { get; init => field = value ?? []; } = [];

    /// <summary>As <see cref="Split.RandomUnit"/>.</summary>
    public bool RandomUnit { get; init; }

    /// <summary>What makes this gate independent of others.</summary>
    public string Salt { get; init => field = value ?? ""; } = "";

    /// <summary>One of <see cref="BucketingAlgorithm"/>.</summary>
    public string Algorithm { get; init => field = value ?? BucketingAlgorithm.XxHash3; } = BucketingAlgorithm.XxHash3;

    /// <summary>How many buckets there are. Default 10,000.</summary>
    public int TotalWeight { get; init => field = value == 0 ? 10_000 : value; } = 10_000;

    /// <summary>The buckets that pass.</summary>
    public IReadOnlyList<BucketRange> Ranges { get; init => field = value ?? []; } = [];
}

/// <summary>The bucketing algorithms by name. Imported splits keep their vendor's.</summary>
public static class BucketingAlgorithm
{
    /// <summary>Native: XxHash3 of <c>salt 0x00 unit</c> in UTF-8, 64 bits over [0, 2^64).</summary>
    public const string XxHash3 = "xxh3";

    /// <summary>GrowthBook v1: FNV-1a 32 of unit + salt, modulo 1,000.</summary>
    public const string GrowthBookV1 = "growthbook-v1";

    /// <summary>GrowthBook v2: FNV-1a 32 of the decimal FNV-1a 32 of salt + unit, modulo 10,000.</summary>
    public const string GrowthBookV2 = "growthbook-v2";

    /// <summary>Unleash rollout: murmur3-x86-32 of <c>salt:unit</c>, seed 0, modulo the total weight.</summary>
    public const string Unleash = "unleash";

    /// <summary>Unleash variants: as <see cref="Unleash"/> with seed 86028157.</summary>
    public const string UnleashVariant = "unleash-variant";

    /// <summary>flagd: murmur3-x86-32 of salt + unit, bucket = (hash * total weight) >> 32.</summary>
    public const string Flagd = "flagd";

    /// <summary>All names, in the order documentation lists them.</summary>
    public static IReadOnlyList<string> All { get; } =
        [XxHash3, GrowthBookV1, GrowthBookV2, Unleash, UnleashVariant, Flagd];
}
