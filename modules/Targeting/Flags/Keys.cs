using System.Text.RegularExpressions;

namespace Delivery.Targeting.Flags;

/// <summary>The keys that people give to flags, environments, segments, layers and holdouts.</summary>
internal static partial class Keys
{
    public const int Longest = 100;

    public const string Accepted = "1 to 100 characters in kebab-case: lower-case letters and digits, with single hyphens between";

    public static bool IsKebab(string? key) => key is { Length: >= 1 and <= Longest } && Kebab().IsMatch(key);

    [GeneratedRegex("^[a-z0-9]+(-[a-z0-9]+)*$", RegexOptions.NonBacktracking)]
    private static partial Regex Kebab();
}
