namespace Delivery.Evaluation;

/// <summary>Checks a split.</summary>
internal static class SplitValidation
{
    internal static void Check(ErrorList errors, string path, Split split, HashSet<string> variants)
    {
        if (split.ExposurePartsPerMillion is < 0 or > Split.FullExposure)
            errors.Add($"{path}.exposurePartsPerMillion", $"is {split.ExposurePartsPerMillion}; accepted is 0 to {Split.FullExposure} (1 % is 10000).");
        CheckUnit(errors, path, split.UnitAttribute);
        CheckAlgorithm(errors, path, split.Algorithm);
        if (split.Weights.Count == 0 && split.Ranges.Count == 0)
            errors.Add($"{path}.weights", "is empty; accepted are weights or ranges.");
        CheckWeights(errors, path, split, variants);
        CheckRanges(errors, path, split, variants);
        for (var i = 0; i < split.Filters.Count; i++)
            CheckFilter(errors, $"{path}.filters[{i}]", split.Filters[i]);
    }

    internal static void CheckUnit(ErrorList errors, string path, string attribute)
    {
        if (attribute.Length is 0 or > Limits.KeyLength)
            errors.Add($"{path}.unitAttribute", $"has {attribute.Length} characters; accepted is the name of an attribute, 1 to {Limits.KeyLength}.");
    }

    private static void CheckAlgorithm(ErrorList errors, string path, string algorithm)
    {
        if (!BucketingAlgorithm.All.Contains(algorithm))
            errors.Add($"{path}.algorithm", $"is {algorithm}; accepted are {string.Join(", ", BucketingAlgorithm.All)}.");
    }

    private static void CheckWeights(ErrorList errors, string path, Split split, HashSet<string> variants)
    {
        for (var i = 0; i < split.Weights.Count; i++)
        {
            FlagValidation.Variant(errors, $"{path}.weights[{i}].variant", split.Weights[i].Variant, variants);
            if (split.Weights[i].Weight < 0)
                errors.Add($"{path}.weights[{i}].weight", $"is {split.Weights[i].Weight}; accepted is a whole number from 0.");
        }

        var sum = split.Weights.Sum(weight => (long)weight.Weight);
        if (split.TotalWeight is < 1)
            errors.Add($"{path}.totalWeight", $"is {split.TotalWeight}; accepted is a whole number from 1.");
        else if (split.TotalWeight is { } total && sum > total && split.Ranges.Count == 0)
            errors.Add($"{path}.weights", $"sum to {sum}; accepted is at most totalWeight, {total}.");
        else if (sum > int.MaxValue)
            errors.Add($"{path}.weights", $"sum to {sum}; accepted is at most {int.MaxValue}.");
        else if (split.Weights.Count > 0 && sum == 0 && split.TotalWeight is null)
            errors.Add($"{path}.weights", "sum to 0; accepted is at least one weight above 0, or a totalWeight.");
    }

    private static void CheckRanges(ErrorList errors, string path, Split split, HashSet<string> variants)
    {
        var total = SplitAllocation.Total(split);
        for (var i = 0; i < split.Ranges.Count; i++)
        {
            var range = split.Ranges[i];
            FlagValidation.Variant(errors, $"{path}.ranges[{i}].variant", range.Variant, variants);
            if (range.Start < 0 || range.End < range.Start || range.End > total)
                errors.Add($"{path}.ranges[{i}]", $"is {range.Start} to {range.End}; accepted is 0 <= start <= end <= {total}.");
        }

        // Imported ranges may overlap: their vendor's rule, the first wins, is kept.
        if (split.Algorithm != BucketingAlgorithm.XxHash3)
            return;
        var previous = 0;
        foreach (var (range, index) in split.Ranges.Select((range, index) => (range, index)).Where(pair => pair.range.Start < pair.range.End).OrderBy(pair => pair.range.Start))
        {
            if (range.Start < previous)
                errors.Add($"{path}.ranges[{index}]", "overlaps another range; accepted are ranges apart from each other.");
            previous = Math.Max(previous, range.End);
        }
    }

    private static void CheckFilter(ErrorList errors, string path, BucketFilter filter)
    {
        CheckUnit(errors, path, filter.UnitAttribute);
        CheckAlgorithm(errors, path, filter.Algorithm);
        if (filter.TotalWeight < 1)
            errors.Add($"{path}.totalWeight", $"is {filter.TotalWeight}; accepted is a whole number from 1.");
        for (var i = 0; i < filter.Ranges.Count; i++)
        {
            var range = filter.Ranges[i];
            if (range.Start < 0 || range.End < range.Start || range.End > filter.TotalWeight)
                errors.Add($"{path}.ranges[{i}]", $"is {range.Start} to {range.End}; accepted is 0 <= start <= end <= {filter.TotalWeight}.");
        }
    }
}
