using System.Globalization;

namespace Delivery.Plugins.HAProxy;

/// <summary>
/// Replaces a map at once: a version is prepared, filled and committed. HAProxy itself orders the writers: what was prepared earlier
/// can't be committed after what was prepared later.
/// </summary>
internal sealed class MapWrite(RuntimeApi api, string map, BegunVersions versions)
{
    private const string Created = "New version created: ";

    /// <summary>Begins a version; nothing is seen of it before it is committed.</summary>
    /// <param name="also">More to ask at the same time.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<PluginResult<Begun>> BeginAsync(IReadOnlyList<string> also, CancellationToken cancellationToken)
    {
        switch (await api.AskAsync([$"prepare map {map}", .. also], Asking.Begins, cancellationToken))
        {
            case PluginResult<RuntimeAnswers>.Ok { Value: var answers }:
                if (answers[0] is [var line] && line.StartsWith(Created, StringComparison.Ordinal)
                    && uint.TryParse(line[Created.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var version))
                    return new Begun(version, [.. answers.Lines.Skip(1)]);
                return new PluginError(Kind(answers[0]), $"HAProxy begins no version of the map '{map}': {string.Join(' ', answers[0])}");
            case PluginResult<RuntimeAnswers>.Failed failed:
                return failed.Error;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>Fills and commits the version.</summary>
    /// <param name="version">What was begun.</param>
    /// <param name="content">The map's whole content.</param>
    /// <param name="then">What else to do once it is committed.</param>
    /// <param name="cancellationToken">Ends the wait until the commit is sent.</param>
    /// <returns>What the map holds after it.</returns>
    public async Task<PluginResult<MapContent>> CommitAsync(uint version, MapContent content, IReadOnlyList<string> then, CancellationToken cancellationToken)
    {
        try
        {
            return await FillAndCommitAsync(version, content, then, cancellationToken);
        }
        finally
        {
            versions.IsOver(version);
        }
    }

    /// <summary>Leaves a version that was begun: nothing was seen of it, and nothing will be.</summary>
    public void GiveUp(uint version) => versions.IsOver(version);

    private async Task<PluginResult<MapContent>> FillAndCommitAsync(uint version, MapContent content, IReadOnlyList<string> then, CancellationToken cancellationToken)
    {
        var adds = content.Entries.Select(e => string.Create(CultureInfo.InvariantCulture, $"add map @{version} {map} {e.Key} {e.Value}")).ToList();
        List<string> last = [string.Create(CultureInfo.InvariantCulture, $"commit map @{version} {map}"), $"show map {map}", .. then];
        while (Length(adds) + Length(last) > RuntimeApi.LongestLine)
        {
            // Nothing is seen of these before the commit, so they are no write yet.
            var few = Fitting(adds);
            adds.RemoveRange(0, few.Count);
            if (Refused(await api.AskAsync(few, Asking.Reads, cancellationToken), few.Count) is { } refused)
                return refused;
        }

        var answer = await api.AskAsync([.. adds, .. last], Asking.Writes, cancellationToken);
        if (Refused(answer, adds.Count + 1) is { } error)
            return error;
        return MapContent.Read(((PluginResult<RuntimeAnswers>.Ok)answer).Value[adds.Count + 1]);
    }

    private static int Length(List<string> commands) => commands.Sum(c => c.Length + 1);

    private static List<string> Fitting(List<string> commands)
    {
        var few = new List<string>();
        foreach (var command in commands)
        {
            if (Length(few) + command.Length > RuntimeApi.LongestLine / 2 && few.Count > 0)
                break;
            few.Add(command);
        }

        return few;
    }

    /// <summary>The first of the commands that was not taken in silence.</summary>
    private static PluginError? Refused(PluginResult<RuntimeAnswers> answer, int commands) => answer switch
    {
        PluginResult<RuntimeAnswers>.Failed failed => failed.Error,
        PluginResult<RuntimeAnswers>.Ok ok when ok.Value.Lines.Take(commands).FirstOrDefault(l => l.Count > 0) is { } said =>
            new PluginError(Kind(said), $"HAProxy takes no change of the map: {string.Join(' ', said)}"),
        _ => null,
    };

    private static PluginErrorKind Kind(IReadOnlyList<string> said) => string.Join(' ', said) switch
    {
        var s when s.StartsWith("Version number out of range", StringComparison.Ordinal) => PluginErrorKind.Conflict,
        var s when s.StartsWith("Unknown map", StringComparison.Ordinal) => PluginErrorKind.NotFound,
        var s when s.StartsWith("Permission denied", StringComparison.Ordinal) => PluginErrorKind.Unauthorized,
        _ => PluginErrorKind.Internal,
    };

    /// <summary>A version that was begun.</summary>
    /// <param name="Version">Its number, the last one that HAProxy gave.</param>
    /// <param name="Answers">The answers to what was asked with it.</param>
    internal sealed record Begun(uint Version, IReadOnlyList<IReadOnlyList<string>> Answers);
}
