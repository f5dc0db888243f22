using System.Globalization;
using System.Text.Json;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;

namespace Delivery.Console.Parts;

/// <summary>Changes, their outcomes and their states in words.</summary>
internal static class Changing
{
    /// <summary>What a change does, in a line.</summary>
    public static string Sentence(FlagChange change) => $"{change.Flag}{(change.In is { } environment ? $" in {environment}" : "")}: {What(change)}";

    /// <summary>What came of a command, for the person who sent it; null when it was done.</summary>
    public static string? Trouble(Outcome outcome) => outcome switch
    {
        Outcome.Done => null,
        Outcome.Refused refused => refused.Reason,
        Outcome.Invalid invalid => string.Join("; ", invalid.Errors.Select(error => $"{error.Field}: {error.Message}")),
        Outcome.Forbidden => "Your key's role does not reach for this.",
        Outcome.NotFound gone => $"There is no {gone.Kind} '{gone.Key}'.",
        Outcome.Stale => "Someone changed it meanwhile; look again.",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "no such outcome"),
    };

    /// <summary>A state's word and its class.</summary>
    public static string Word<T>(T state)
        where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(state.ToString()).Replace('-', ' ');

    public static string Class<T>(T state)
        where T : struct, Enum => "is-" + JsonNamingPolicy.KebabCaseLower.ConvertName(state.ToString());

    public static string Value(JsonElement? value) => value is { } json ? json.GetRawText() : "";

    public static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private static string What(FlagChange change) => change switch
    {
        FlagChange.Enable => "enable",
        FlagChange.Disable => "disable",
        FlagChange.Kill => "kill",
        FlagChange.Restore => "restore",
        FlagChange.Configure => "the whole configuration anew",
        FlagChange.SetRules x => $"{x.Rules.Count} rules anew",
        FlagChange.SetDefault => "the default anew",
        FlagChange.SetTargets x => $"{x.Targets.Count} individual targets anew",
        FlagChange.SetPrerequisites x => $"{x.Prerequisites.Count} prerequisites anew",
        FlagChange.SetExposure x => $"rule {x.Rule} exposed to {Numbers.Percent(x.ExposurePercent)}",
        FlagChange.Define => "the definition anew",
        FlagChange.Archive => "archive",
        _ => throw new ArgumentOutOfRangeException(nameof(change), change, "no such change"),
    };
}
