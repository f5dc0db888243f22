namespace Delivery.Evaluation;

/// <summary>A named, reusable population: a condition, a list of units, or both.</summary>
/// <remarks>A unit is a member if it is not excluded and is included or meets the condition.</remarks>
public sealed record Segment
{
    /// <summary>Key of the segment, unique in the environment.</summary>
    public required string Key { get; init; }

    /// <summary>Who belongs by attribute. Null: nobody but the included.</summary>
    public Condition? Condition { get; init; }

    /// <summary>The attribute the two lists hold. Default: the targeting key.</summary>
    public string UnitAttribute { get; init => field = value ?? Attributes.TargetingKey; } = Attributes.TargetingKey;

    /// <summary>Units that belong. At most <see cref="Limits.UnitsPerSegment"/>.</summary>
    public IReadOnlyList<string> Included { get; init => field = value ?? []; } = [];

    /// <summary>Units that do not belong, whatever else holds. At most <see cref="Limits.UnitsPerSegment"/>.</summary>
    public IReadOnlyList<string> Excluded { get; init => field = value ?? []; } = [];

    /// <summary>Version of the segment's event stream.</summary>
    public long Version { get; init; }
}

/// <summary>Mutually exclusive slots: a unit has one bucket in the layer, so it is in at most one slot.</summary>
public sealed record Layer
{
    /// <summary>Key of the layer, unique in the environment.</summary>
    public required string Key { get; init; }

    /// <summary>The attribute that names the unit. Default: the targeting key.</summary>
    public string UnitAttribute { get; init => field = value ?? Attributes.TargetingKey; } = Attributes.TargetingKey;

    /// <summary>What makes this layer independent of others.</summary>
    public string Salt { get; init => field = value ?? ""; } = "";

    /// <summary>How many buckets the layer has. Default 10,000.</summary>
    public int TotalWeight { get; init => field = value == 0 ? 10_000 : value; } = 10_000;

    /// <summary>Who owns which buckets. Slots never overlap.</summary>
    public IReadOnlyList<LayerSlot> Slots { get; init => field = value ?? []; } = [];

    /// <summary>Version of the layer's event stream.</summary>
    public long Version { get; init; }
}

/// <summary>A run of a layer's buckets, reserved for one flag's rule.</summary>
public sealed record LayerSlot
{
    /// <summary>Key of the flag.</summary>
    public required string Flag { get; init; }

    /// <summary>Id of the flag's rule that is open only inside the slot. Null: all rules of the flag.</summary>
    public string? Rule { get; init; }

    /// <summary>First bucket, inclusive.</summary>
    public int Start { get; init; }

    /// <summary>Last bucket, exclusive.</summary>
    public int End { get; init; }
}

/// <summary>Units kept out of a group of flags: they get the off variant.</summary>
public sealed record Holdout
{
    /// <summary>Key of the holdout, unique in the environment.</summary>
    public required string Key { get; init; }

    /// <summary>The attribute that names the unit. Default: the targeting key.</summary>
    public string UnitAttribute { get; init => field = value ?? Attributes.TargetingKey; } = Attributes.TargetingKey;

    /// <summary>What makes this holdout independent of others and of every split.</summary>
    public string Salt { get; init => field = value ?? ""; } = "";

    /// <summary>Part of the units that is held out, in parts per million of the population.</summary>
    public int HeldOutPartsPerMillion { get; init; }

    /// <summary>Keys of the flags that the held-out units do not get.</summary>
    public IReadOnlyList<string> Flags { get; init => field = value ?? []; } = [];

    /// <summary>Version of the holdout's event stream.</summary>
    public long Version { get; init; }
}
