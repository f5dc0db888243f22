using System.Text.RegularExpressions;

namespace Delivery.Targeting.Flags;

/// <summary>The keys that people give to flags, environments, segments, layers and holdouts.</summary>
internal static partial class Keys
{
    public const int Longest = 100;

    public const string Accepted = "1 to 100 characters in kebab-case: lower-case letters and digits, with single hyphens between";

    public static bool IsKebab(string? key) => key is { Length: >= 1 and <= Longest } && Kebab().IsMatch(key);

    /// <summary>Words of the paths beside flags' keys: a flag of that name could not be addressed.</summary>
    public static bool IsTaken(string? key) => key is "stale" or "code-references";

    /// <summary>What another platform's keys must be to be imported: a segment of a path, or nobody could address the flag.</summary>
    public const string AcceptedForeign = "1 to 200 letters, digits and _ . : | ~ - with a letter or digit first";

    public static bool IsForeign(string? key) => key is not null && Foreign().IsMatch(key);

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9_.:|~-]{0,199}$", RegexOptions.NonBacktracking)]
    private static partial Regex Foreign();

    [GeneratedRegex("^[a-z0-9]+(-[a-z0-9]+)*$", RegexOptions.NonBacktracking)]
    private static partial Regex Kebab();
}
