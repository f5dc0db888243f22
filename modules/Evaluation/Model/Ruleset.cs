namespace Delivery.Evaluation;

/// <summary>
/// Everything an environment needs to evaluate its flags, as one document: what the server compiles and what an SDK
/// downloads. Readers ignore members they do not know.
/// </summary>
public sealed record Ruleset
{
    /// <summary>The schema version written by this code.</summary>
    public const int CurrentSchemaVersion = 1;

    /// <summary>Version of this document's shape. A reader accepts its own version and every lower one.</summary>
    public int SchemaVersion { get; init => field = value == 0 ? CurrentSchemaVersion : value; } = CurrentSchemaVersion;

    /// <summary>Key of the environment, such as <c>production</c>.</summary>
    public string Environment { get; init => field = value ?? ""; } = "";

    /// <summary>Global configuration sequence this document is as of; higher is newer.</summary>
    public long Sequence { get; init; }

    /// <summary>All flags of the environment, archived ones included only if asked for.</summary>
    public IReadOnlyList<FlagDefinition> Flags { get; init => field = value ?? []; } = [];

    /// <summary>The reusable populations that rules name.</summary>
    public IReadOnlyList<Segment> Segments { get; init => field = value ?? []; } = [];

    /// <summary>The layers whose slots exclude each other.</summary>
    public IReadOnlyList<Layer> Layers { get; init => field = value ?? []; } = [];

    /// <summary>The holdouts: units kept out of groups of flags.</summary>
    public IReadOnlyList<Holdout> Holdouts { get; init => field = value ?? []; } = [];
}
