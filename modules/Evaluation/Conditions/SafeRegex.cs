using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Delivery.Evaluation;

/// <summary>
/// A regular expression that can't hang: it runs in linear time (no backtracking), its automaton's size, its pattern and
/// its input are bounded, and a timeout stands behind all that.
/// </summary>
internal sealed class SafeRegex
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(250);
    private readonly Regex _regex;

    private SafeRegex(Regex regex) => _regex = regex;

    internal static bool TryCreate(string pattern, bool ignoreCase, [NotNullWhen(true)] out SafeRegex? regex, out string? error)
    {
        regex = null;
        if (pattern.Length > Limits.RegexLength)
        {
            error = $"is {pattern.Length} characters long; accepted are up to {Limits.RegexLength}.";
            return false;
        }

        try
        {
            var options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;
            if (ignoreCase)
                options |= RegexOptions.IgnoreCase;
            regex = new SafeRegex(new Regex(pattern, options, Timeout));
            error = null;
            return true;
        }
        catch (ArgumentException exception)
        {
            error = $"is no regular expression: {exception.Message}";
            return false;
        }
        catch (NotSupportedException exception)
        {
            error = $"can't run in linear time: {exception.Message}";
            return false;
        }
    }

    internal bool IsMatch(ReadOnlySpan<char> text)
    {
        if (text.Length > Limits.RegexInputLength)
            return false;
        try
        {
            return _regex.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }
}
