using System.Globalization;

namespace Delivery.Plugins.HAProxy;

/// <summary>
/// The answers to one line of commands: each a number of lines and an empty one. In front of every line go <c>show version</c> and
/// <c>show cli level</c>, so that nonsense, a version that is too old and a socket without the rights are told from an answer.
/// </summary>
internal sealed record RuntimeAnswers(IReadOnlyList<IReadOnlyList<string>> Lines)
{
    private static readonly Version Oldest = new(2, 4);
    private static readonly string[] First = ["show version", "show cli level"];

    /// <summary>The lines of the command's answer.</summary>
    public IReadOnlyList<string> this[int command] => Lines[command];

    public static IEnumerable<string> Asked(IReadOnlyList<string> commands) => First.Concat(commands);

    /// <summary>Takes an answer apart.</summary>
    /// <param name="text">All that came.</param>
    /// <param name="commands">What was asked.</param>
    /// <param name="writes">Whether a write was begun by it.</param>
    public static PluginResult<RuntimeAnswers> Of(string text, IReadOnlyList<string> commands, bool writes)
    {
        var (answers, open) = Split(text);
        if (answers.Count == 0 && open.Count == 0)
            return Cut("nothing", writes);
        var version = string.Join(' ', answers.Count > 0 ? answers[0] : open);
        if (version.StartsWith("Unknown command", StringComparison.Ordinal))
            return new PluginError(PluginErrorKind.Unsupported, $"this HAProxy does not tell its version: {Oldest} or later is needed");
        if (version is "" || !char.IsAsciiDigit(version[0]))
            return new PluginError(writes ? PluginErrorKind.OutcomeUnknown : PluginErrorKind.Internal, "what answers at the stats socket is no HAProxy");
        if (answers.Count < commands.Count + First.Length)
            return Cut($"{answers.Count} of {commands.Count + First.Length} answers", writes);
        if (Number(version) < Oldest)
            return new PluginError(PluginErrorKind.Unsupported, $"HAProxy {version} can't replace a map at once: {Oldest} or later is needed");
        if (answers[1] is not ["admin"])
            return new PluginError(PluginErrorKind.Unauthorized, $"the stats socket has level {string.Join(' ', answers[1])}: admin is needed");
        return new RuntimeAnswers(answers[First.Length..]);
    }

    private static PluginError Cut(string got, bool writes) => writes
        ? new PluginError(PluginErrorKind.OutcomeUnknown, $"HAProxy's answer was cut: {got} came; the change may have taken effect")
        : new PluginError(PluginErrorKind.Unavailable, $"HAProxy's answer was cut: {got} came");

    private static (List<IReadOnlyList<string>> Answers, List<string> Open) Split(string text)
    {
        var (answers, open) = (new List<IReadOnlyList<string>>(), new List<string>());
        var lines = text.Split('\n');
        // What follows the last line feed is a line that was cut, or nothing.
        foreach (var line in lines.SkipLast(1))
        {
            if (line.Length > 0)
            {
                open.Add(line);
                continue;
            }

            answers.Add(open);
            open = [];
        }

        if (lines[^1].Length > 0)
            open.Add(lines[^1]);
        return (answers, open);
    }

    private static Version Number(string version)
    {
        var parts = version.Split('.', '-');
        return int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major)
            && int.TryParse(parts.ElementAtOrDefault(1), NumberStyles.None, CultureInfo.InvariantCulture, out var minor)
            ? new Version(major, minor)
            : new Version(0, 0);
    }
}
