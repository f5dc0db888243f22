namespace Delivery.Evaluation;

/// <summary>Checks a segment, layer or holdout by itself.</summary>
public static class PopulationValidation
{
    /// <summary>Checks a segment.</summary>
    /// <param name="segment">The segment.</param>
    /// <returns>All errors; empty if it is valid.</returns>
    public static IReadOnlyList<ValidationError> Check(Segment segment)
    {
        var errors = new ErrorList();
        errors.Key("key", segment.Key);
        SplitValidation.CheckUnit(errors, "", segment.UnitAttribute);
        errors.AtMost("included", segment.Included.Count, Limits.UnitsPerSegment, "units");
        errors.AtMost("excluded", segment.Excluded.Count, Limits.UnitsPerSegment, "units");
        CheckUnits(errors, "included", segment.Included);
        CheckUnits(errors, "excluded", segment.Excluded);
        if (segment.Condition is not null)
            ConditionValidation.Check(errors, "condition", segment.Condition);
        return Trimmed(errors);
    }

    /// <summary>Checks the ids of units, as they are in a list of a segment.</summary>
    /// <param name="path">The member that has them.</param>
    /// <param name="units">The ids.</param>
    /// <returns>The first few errors; empty if all are valid.</returns>
    public static IReadOnlyList<ValidationError> CheckUnits(string path, IReadOnlyList<string> units)
    {
        var errors = new ErrorList();
        CheckUnits(errors, path, units);
        return errors.Errors;
    }

    /// <summary>Checks a layer: its slots lie in the layer and do not overlap.</summary>
    /// <param name="layer">The layer.</param>
    /// <returns>All errors; empty if it is valid.</returns>
    public static IReadOnlyList<ValidationError> Check(Layer layer)
    {
        var errors = new ErrorList();
        errors.Key("key", layer.Key);
        SplitValidation.CheckUnit(errors, "", layer.UnitAttribute);
        if (layer.TotalWeight < 1)
            errors.Add("totalWeight", $"is {layer.TotalWeight}; accepted is a whole number from 1.");
        for (var i = 0; i < layer.Slots.Count; i++)
        {
            var slot = layer.Slots[i];
            errors.Key($"slots[{i}].flag", slot.Flag);
            if (slot.Start < 0 || slot.End < slot.Start || slot.End > layer.TotalWeight)
                errors.Add($"slots[{i}]", $"is {slot.Start} to {slot.End}; accepted is 0 <= start <= end <= {layer.TotalWeight}.");
        }

        var end = 0;
        foreach (var (slot, index) in layer.Slots.Select((slot, index) => (slot, index)).Where(pair => pair.slot.Start < pair.slot.End).OrderBy(pair => pair.slot.Start))
        {
            if (slot.Start < end)
                errors.Add($"slots[{index}]", "overlaps another slot; accepted are slots apart from each other.");
            end = Math.Max(end, slot.End);
        }

        return Trimmed(errors);
    }

    /// <summary>Checks a holdout.</summary>
    /// <param name="holdout">The holdout.</param>
    /// <returns>All errors; empty if it is valid.</returns>
    public static IReadOnlyList<ValidationError> Check(Holdout holdout)
    {
        var errors = new ErrorList();
        errors.Key("key", holdout.Key);
        SplitValidation.CheckUnit(errors, "", holdout.UnitAttribute);
        if (holdout.HeldOutPartsPerMillion is < 0 or > Split.FullExposure)
            errors.Add("heldOutPartsPerMillion", $"is {holdout.HeldOutPartsPerMillion}; accepted is 0 to {Split.FullExposure} (1 % is 10000).");
        for (var i = 0; i < holdout.Flags.Count; i++)
            errors.Key($"flags[{i}]", holdout.Flags[i]);
        return Trimmed(errors);
    }

    private static void CheckUnits(ErrorList errors, string path, IReadOnlyList<string> units)
    {
        const int shown = 10;
        // A compact list holds what was checked when it was written.
        if (units is UnitList)
            return;
        for (var i = 0; i < units.Count && errors.Errors.Count < shown; i++)
        {
            if (units[i] is not { Length: >= 1 and <= Limits.UnitLength })
                errors.Add($"{path}[{i}]", $"has {units[i]?.Length ?? 0} characters; accepted is a unit's id of 1 to {Limits.UnitLength}.");
        }
    }

    private static IReadOnlyList<ValidationError> Trimmed(ErrorList errors) =>
        [.. errors.Errors.Select(error => error with { Path = error.Path.TrimStart('.') })];
}
