using System.Globalization;
using Delivery.Targeting.Flags;

namespace Delivery.Targeting.Changes;

/// <summary>What people are told about changes that were written down.</summary>
internal static class Sentences
{
    /// <summary>"In production the rules of 'x' are no longer what they were at version 3 (it is at 5 now)."</summary>
    public static string Moved(Footing then, Flag now, IReadOnlyList<string> parts)
    {
        var what = string.Join(" and ", parts.Select(Part));
        var where = then.Environment is null ? "Everywhere" : $"In {then.Environment}";
        return string.Create(CultureInfo.InvariantCulture, $"{where} {what} of the flag '{then.Flag}' {(parts is ["rules"] or ["targets"] or ["prerequisites"] || parts.Count > 1 ? "are" : "is")} no longer what was there at its version {then.Version}; it is at version {now.Version} now.");
    }

    /// <summary>A time as people read it.</summary>
    public static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private static string Part(string part) => part switch
    {
        "identity" => "the definition",
        "offVariant" => "the off variant",
        "killed" => "whether it is killed",
        "enabled" => "whether it is enabled",
        "archived" => "whether it is archived",
        _ => $"the {part}",
    };
}
