using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Delivery.Plugins.Prometheus;

/// <summary>A selector of raw counters, with the placeholders <c>$arm</c> and <c>$route</c>.</summary>
/// <param name="Name">The metric's name.</param>
/// <param name="Matchers">What is between the braces.</param>
/// <param name="Labels">The labels that it matches on.</param>
internal sealed partial record Selector(string Name, string Matchers, ImmutableArray<string> Labels)
{
    public const string Arm = "$arm";
    private const string Route = "$route";

    /// <summary>Null when it is none: an expression, or no name.</summary>
    public static Selector? Parse(string text)
    {
        var match = Shape().Match(text);
        return match.Success
            ? new Selector(match.Groups["name"].Value, match.Groups["matchers"].Value, [.. match.Groups["label"].Captures.Select(c => c.Value).Distinct()])
            : null;
    }

    /// <summary>The same selector of another series of the family: <c>_bucket</c>, <c>_sum</c>.</summary>
    public Selector Of(string suffix) => this with { Name = Name + suffix };

    /// <summary>The same selector of several series of the family at once.</summary>
    public Selector OneOf(params string[] suffixes) =>
        new("", $"__name__=~\"{string.Join('|', suffixes.Select(s => Name + s))}\"{(Matchers.Length > 0 ? "," : "")}{Matchers}", Labels);

    /// <summary>The query for one arm.</summary>
    public string For(string arm, string route) =>
        $"{Name}{{{Placeholder().Replace(Matchers, m => Escape(m.Value == Arm ? arm : route))}}}";

    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    [GeneratedRegex("""^\s*(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)\s*\{(?<matchers>\s*(?:(?<label>[a-zA-Z_][a-zA-Z0-9_]*)\s*(?:=|!=|=~|!~)\s*"(?:[^"\\]|\\.)*"\s*(?:,\s*|(?=\})))*)\}\s*$""", RegexOptions.ExplicitCapture)]
    private static partial Regex Shape();

    [GeneratedRegex(@"\$arm\b|\$route\b")]
    private static partial Regex Placeholder();
}
