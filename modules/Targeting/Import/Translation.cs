using System.Text.Json;
using Delivery.Evaluation;
using Delivery.Targeting.Flags;

namespace Delivery.Targeting.Import;

/// <summary>A foreign document in our words, and what became of each part that is not the same on both sides.</summary>
/// <param name="Flags">The flags, each with its configuration.</param>
/// <param name="Populations">The segments, layers and holdouts that go with them.</param>
/// <param name="Translated">What is expressed in another way but decides the same.</param>
/// <param name="Unsupported">What can't be expressed and was left out.</param>
internal sealed record Translation(
    IReadOnlyList<ImportedFlag> Flags,
    IReadOnlyList<ImportedPopulation> Populations,
    IReadOnlyList<Remark> Translated,
    IReadOnlyList<Remark> Unsupported)
{
    /// <summary>True for our own document: the flags become what it says. A foreign one does not know a flag's owner and the like, which stay.</summary>
    public bool IsOwn { get; init; }

    /// <summary>Where it came from, if it says so.</summary>
    public string? Environment { get; init; }

    /// <summary>The type that all values have; <see cref="FlagType.Object"/> where they differ.</summary>
    public static FlagType TypeOf(IEnumerable<JsonElement> values)
    {
        var kinds = values.Select(value => value.ValueKind == JsonValueKind.False ? JsonValueKind.True : value.ValueKind).Distinct().ToList();
        return kinds switch
        {
            [JsonValueKind.True] => FlagType.Boolean,
            [JsonValueKind.String] => FlagType.String,
            [JsonValueKind.Number] => FlagType.Number,
            _ => FlagType.Object,
        };
    }
}

/// <summary>A flag of a document.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Identity">What it is everywhere.</param>
/// <param name="Configuration">Its configuration in the environment that is imported.</param>
/// <param name="Environments">Its configuration in others, by environment. Null: they stay as they are.</param>
internal sealed record ImportedFlag(
    string Key, FlagIdentity Identity, FlagConfiguration Configuration, IReadOnlyDictionary<string, FlagConfiguration>? Environments = null)
{
    /// <summary>The flag with nothing but its configuration in one environment.</summary>
    public ImportedFlag Only(string environment) =>
        this with { Configuration = Environments?.GetValueOrDefault(environment) ?? Configuration, Environments = null };
}

/// <summary>A segment, layer or holdout of a foreign document; exactly one of the three is there.</summary>
internal sealed record ImportedPopulation(Segment? Segment = null, Layer? Layer = null, Holdout? Holdout = null, string? Description = null, string? Owner = null)
{
    public string Kind => Segment is not null ? "segment" : Layer is not null ? "layer" : "holdout";

    public string Key => Segment?.Key ?? Layer?.Key ?? Holdout!.Key;
}

/// <summary>Something to know about one part of the foreign document.</summary>
/// <param name="Path">Where in the foreign document.</param>
/// <param name="Message">What became of it.</param>
internal sealed record Remark(string Path, string Message);
