namespace Delivery.Evaluation;

/// <summary>
/// Checks a whole ruleset: each part by itself, references between them, and that neither segments nor flags depend on
/// themselves.
/// </summary>
public static class RulesetValidation
{
    /// <summary>Checks a ruleset.</summary>
    /// <param name="ruleset">The ruleset.</param>
    /// <returns>All errors; paths start with <c>flags[i].</c>, <c>segments[i].</c> and so on.</returns>
    public static IReadOnlyList<ValidationError> Check(Ruleset ruleset)
    {
        var errors = new ErrorList();
        if (ruleset.SchemaVersion is < 1 or > Ruleset.CurrentSchemaVersion)
            errors.Add("schemaVersion", $"is {ruleset.SchemaVersion}; accepted is 1 to {Ruleset.CurrentSchemaVersion}.");
        Parts(errors, "flags", ruleset.Flags, flag => flag.Key, FlagValidation.Check);
        Parts(errors, "segments", ruleset.Segments, segment => segment.Key, PopulationValidation.Check);
        Parts(errors, "layers", ruleset.Layers, layer => layer.Key, PopulationValidation.Check);
        Parts(errors, "holdouts", ruleset.Holdouts, holdout => holdout.Key, PopulationValidation.Check);
        var graph = DependencyGraph.Of(ruleset);
        for (var i = 0; i < ruleset.Flags.Count; i++)
            CheckReferences(errors, graph, $"flags[{i}]", DependencyGraph.Flag(ruleset.Flags[i].Key));
        for (var i = 0; i < ruleset.Segments.Count; i++)
            CheckReferences(errors, graph, $"segments[{i}]", DependencyGraph.Segment(ruleset.Segments[i].Key));
        CheckPopulations(errors, graph, ruleset);
        return errors.Errors;
    }

    /// <summary>
    /// Checks what a changed flag adds to a valid ruleset: the flag itself, its references, and cycles through it. Costs
    /// what the flag depends on, not the whole ruleset.
    /// </summary>
    /// <param name="flag">The flag as it shall become.</param>
    /// <param name="surroundings">The ruleset it shall be in; an older version of the flag in it does not count.</param>
    /// <returns>All errors; paths are relative to the flag.</returns>
    public static IReadOnlyList<ValidationError> Check(FlagDefinition flag, Ruleset surroundings)
    {
        var errors = new ErrorList();
        foreach (var error in FlagValidation.Check(flag))
            errors.Add(error.Path, error.Message);
        var others = surroundings.Flags.Where(other => other.Key != flag.Key);
        CheckReferences(errors, DependencyGraph.Of(surroundings with { Flags = [.. others, flag] }), "", DependencyGraph.Flag(flag.Key));
        return Trimmed(errors);
    }

    /// <summary>Checks what a changed segment adds to a valid ruleset.</summary>
    /// <param name="segment">The segment as it shall become.</param>
    /// <param name="surroundings">The ruleset it shall be in; an older version of the segment in it does not count.</param>
    /// <returns>All errors; paths are relative to the segment.</returns>
    public static IReadOnlyList<ValidationError> Check(Segment segment, Ruleset surroundings)
    {
        var errors = new ErrorList();
        foreach (var error in PopulationValidation.Check(segment))
            errors.Add(error.Path, error.Message);
        var others = surroundings.Segments.Where(other => other.Key != segment.Key);
        CheckReferences(errors, DependencyGraph.Of(surroundings with { Segments = [.. others, segment] }), "", DependencyGraph.Segment(segment.Key));
        return Trimmed(errors);
    }

    private static void Parts<T>(
        ErrorList errors, string path, IReadOnlyList<T> parts, Func<T, string> key, Func<T, IReadOnlyList<ValidationError>> check)
    {
        errors.Unique(path, parts, "key", key);
        for (var i = 0; i < parts.Count; i++)
        {
            foreach (var error in check(parts[i]))
                errors.Add($"{path}[{i}].{error.Path}", error.Message);
        }
    }

    private static void CheckReferences(ErrorList errors, DependencyGraph graph, string path, string node)
    {
        foreach (var reference in graph.From(node))
        {
            if (!graph.Has(reference.To))
                errors.Add($"{path}.{reference.Path}", $"names the {reference.To}, which does not exist; accepted is an existing one.");
            else if (reference.Variant is { } variant && !graph.HasVariant(reference.To, variant))
                errors.Add($"{path}.{reference.Path}", $"names variant {variant}, which the {reference.To} has not.");
            else if (graph.FindCycle(node, reference) is { } cycle)
                errors.Add($"{path}.{reference.Path}", $"makes a cycle: {string.Join(" -> ", cycle)}; accepted is a reference that does not lead back.");
        }

        if (graph.Depth(node) > Limits.DependencyDepth)
            errors.Add(path, $"depends on others more than {Limits.DependencyDepth} deep, the depth that is accepted.");
    }

    private static void CheckPopulations(ErrorList errors, DependencyGraph graph, Ruleset ruleset)
    {
        for (var i = 0; i < ruleset.Layers.Count; i++)
        {
            for (var j = 0; j < ruleset.Layers[i].Slots.Count; j++)
            {
                if (!graph.Has(DependencyGraph.Flag(ruleset.Layers[i].Slots[j].Flag)))
                    errors.Add($"layers[{i}].slots[{j}].flag", $"names the flag {ruleset.Layers[i].Slots[j].Flag}, which does not exist.");
            }
        }

        for (var i = 0; i < ruleset.Holdouts.Count; i++)
        {
            for (var j = 0; j < ruleset.Holdouts[i].Flags.Count; j++)
            {
                if (!graph.Has(DependencyGraph.Flag(ruleset.Holdouts[i].Flags[j])))
                    errors.Add($"holdouts[{i}].flags[{j}]", $"names the flag {ruleset.Holdouts[i].Flags[j]}, which does not exist.");
            }
        }
    }

    private static IReadOnlyList<ValidationError> Trimmed(ErrorList errors) =>
        [.. errors.Errors.Select(error => error with { Path = error.Path.TrimStart('.') })];
}
