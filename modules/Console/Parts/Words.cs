using Delivery.Contracts.Rollouts;
using Delivery.Evaluation;

namespace Delivery.Console.Parts;

/// <summary>The state words, each with its icon and its colour class: colour alone never carries the meaning.</summary>
internal static class Words
{
    public static string Of(ReleaseHealthWord word) => word switch
    {
        ReleaseHealthWord.Unknown => "not started",
        ReleaseHealthWord.Healthy => "healthy",
        ReleaseHealthWord.Undecided => "undecided",
        ReleaseHealthWord.Degraded => "degraded",
        ReleaseHealthWord.Blind => "blind",
        ReleaseHealthWord.Killed => "killed",
        _ => throw new ArgumentOutOfRangeException(nameof(word), word, "no such word"),
    };

    public static string Icon(ReleaseHealthWord word) => word switch
    {
        ReleaseHealthWord.Unknown => "○",
        ReleaseHealthWord.Healthy => "✓",
        ReleaseHealthWord.Undecided => "…",
        ReleaseHealthWord.Degraded => "▼",
        ReleaseHealthWord.Blind => "◌",
        ReleaseHealthWord.Killed => "✕",
        _ => throw new ArgumentOutOfRangeException(nameof(word), word, "no such word"),
    };

    public static string Class(ReleaseHealthWord word) => "is-" + Of(word).Replace(' ', '-');

    /// <summary>How a flag is in an environment.</summary>
    public static string Of(FlagDefinition flag) =>
        flag.Archived ? "archived" : flag.Killed ? "✕ killed" : !flag.Enabled ? "disabled" : "enabled";

    /// <summary>What is served.</summary>
    public static string Of(Serve serve) => serve switch
    {
        Serve.Variant variant => variant.Key,
        Serve.Split { Assignment: var split } => $"{string.Join(" / ", split.Weights.Select(w => w.Variant))}, exposed to {Numbers.Percent(split.ExposurePartsPerMillion / 10_000.0)}",
        Serve.JsonLogic => "what an expression names",
        Serve.Unknown => "something this version does not know",
        _ => throw new ArgumentOutOfRangeException(nameof(serve), serve, "no such serve"),
    };

    /// <summary>Where a stage of the track stands.</summary>
    public static string Stage(ReleaseView release, int index) => release switch
    {
        { Status: RolloutStatus.Completed } => "done",
        { Status: RolloutStatus.Aborted } when index == release.StageIndex => "stopped",
        _ when index < release.StageIndex => "done",
        _ when index == release.StageIndex => "now",
        _ => "ahead",
    };
}
