using System.Text;

namespace Delivery.Plugins;

/// <summary>
/// One cookie of a request, as an expression that the whole <c>cookie</c> header must match (RE2). Compiled into each router whose
/// backend knows headers only.
/// </summary>
internal static class CookieExpression
{
    private const string Before = "(?:.*;\\s*)?";
    private const string After = "(?:\\s*;.*)?";

    public static string Of(string name, string value) => $"{Before}{Literal(name)}={Literal(value)}{After}";

    /// <summary>The cookie that an expression of <see cref="Of"/> asks for; null for any other expression.</summary>
    public static (string Name, string Value)? Read(string expression) =>
        expression.StartsWith(Before, StringComparison.Ordinal) && expression.EndsWith(After, StringComparison.Ordinal)
        && expression.Length > Before.Length + After.Length && expression.IndexOf('=', StringComparison.Ordinal) is > 0 and var split
            ? (Plain(expression[Before.Length..split]), Plain(expression[(split + 1)..^After.Length]))
            : null;

    /// <summary>A character that is neither letter nor digit stands for itself behind a backslash.</summary>
    private static string Literal(string text)
    {
        var literal = new StringBuilder();
        foreach (var c in text)
            literal.Append(char.IsAsciiLetterOrDigit(c) ? "" : "\\").Append(c);
        return literal.ToString();
    }

    private static string Plain(string literal)
    {
        var plain = new StringBuilder();
        for (var i = 0; i < literal.Length; i++)
            plain.Append(literal[i] == '\\' && i + 1 < literal.Length ? literal[++i] : literal[i]);
        return plain.ToString();
    }
}
