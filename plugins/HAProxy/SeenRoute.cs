using System.Collections.Immutable;
using System.Globalization;
using Delivery.Plugins.Routing;

namespace Delivery.Plugins.HAProxy;

/// <summary>What HAProxy said of a route.</summary>
/// <param name="State">In the contract's words.</param>
/// <param name="Content">The map.</param>
/// <param name="CurrentVersion">The map's version.</param>
/// <param name="LastVersion">The map's last version that was begun.</param>
/// <param name="Servers">The servers of each arm, and whether one takes requests.</param>
internal sealed record SeenRoute(RouteState State, MapContent Content, uint CurrentVersion, uint LastVersion, ImmutableDictionary<string, ArmServers> Servers)
{
    private const string Current = " curr_ver=";
    private const string Last = " next_ver=";

    /// <summary>The commands whose answers <see cref="Of"/> reads: the maps, the map, and each arm's servers.</summary>
    public static ImmutableArray<string> Commands(HAProxyRoute route) =>
        ["show map", $"show map {route.Map}", .. route.Arms.Values.Select(ShowServers)];

    public static string ShowServers(string backend) => $"show stat {backend} 4 -1";

    /// <summary>What HAProxy has; an error that says what its configuration lacks.</summary>
    public static PluginResult<SeenRoute> Of(string name, HAProxyRoute route, RuntimeAnswers answers)
    {
        if (answers[0].FirstOrDefault(l => l.Contains($" ({route.Map}) ", StringComparison.Ordinal)) is not { } map)
            return new PluginError(PluginErrorKind.NotFound, $"HAProxy has no map '{route.Map}': no frontend has Delivery's section for the route '{name}' (the plugin's README has it)");
        var servers = ImmutableDictionary.CreateBuilder<string, ArmServers>();
        foreach (var (i, (arm, backend)) in route.Arms.Index())
        {
            if (ArmServers.Of(answers[2 + i]) is not { } found)
                return new PluginError(PluginErrorKind.NotFound, $"HAProxy has no backend '{backend}' with a server, for the arm '{arm}' of the route '{name}'");
            servers[arm] = found;
        }

        if (!uint.TryParse(After(map, Current), NumberStyles.None, CultureInfo.InvariantCulture, out var current)
            || !uint.TryParse(After(map, Last), NumberStyles.None, CultureInfo.InvariantCulture, out var last))
            return new PluginError(PluginErrorKind.Internal, $"HAProxy does not tell the map's version: {map}");
        var content = MapContent.Read(answers[1]);
        return new SeenRoute(content.ToState(name, route), content, current, last, servers.ToImmutable());
    }

    /// <summary>The first arm that would get more than it has, and that no server answers for.</summary>
    public string? Unanswered(RouteIntent intent) => intent.Arms
        .Where(a => a.Weight > State.WeightOf(a.Arm) && Servers.GetValueOrDefault(a.Arm) is not { AnyUp: true })
        .Select(a => a.Arm)
        .FirstOrDefault();

    private static string After(string text, string word) =>
        text.IndexOf(word, StringComparison.Ordinal) is >= 0 and var at ? text[(at + word.Length)..].Split(' ')[0] : "";
}

/// <summary>A backend's servers.</summary>
internal sealed record ArmServers(ImmutableArray<string> Names, bool AnyUp)
{
    private const int Name = 1;
    private const int Status = 17;

    /// <summary>From <c>show stat BACKEND 4 -1</c>; null when there is no such backend, or no server in it.</summary>
    public static ArmServers? Of(IReadOnlyList<string> csv)
    {
        var rows = csv.Where(l => !l.StartsWith('#')).Select(l => l.Split(',')).Where(r => r.Length > Status).ToList();
        return rows.Count == 0 ? null : new ArmServers([.. rows.Select(r => r[Name])], rows.Exists(r => r[Status] is "no check" || r[Status].StartsWith("UP", StringComparison.Ordinal)));
    }
}
