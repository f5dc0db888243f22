using System.CommandLine;
using System.Text.Json;

namespace Delivery.Cli.Plugins;

/// <summary><c>plugins</c>: what infrastructure the server can steer and read, and how it does.</summary>
internal static class PluginCommands
{
    public static Command Create(Terminal terminal) => new("plugins", "Plugins: routers, metric sources, notification channels.") { List(terminal), Check(terminal) };

    private static Command List(Terminal terminal) =>
        new Command("list", "Lists plugins and their configured instances.").Does(terminal, async (session, stop) =>
        {
            var plugins = await session.Api.ListAsync(Address.Of("plugins"), 1_000, stop);
            if (session.Show.Form == OutputForm.Table)
                session.Show.List(
                    [.. plugins.SelectMany(Rows)], "No plugins. See docs/guides/plugins.md.",
                    Column.Of("PLUGIN", "plugin"), Column.Of("KIND", "kind"), Column.Of("VERSION", "version"), Column.Of("CONTRACT", "contract"), Column.Of("INSTANCE", "instance"), Column.Of("BACKEND", "backend"), Column.Of("HEALTH", "health"));
            else
                session.Show.List(plugins, "", Column.Of("NAME", "name"));
        });

    private static Command Check(Terminal terminal)
    {
        Argument<string> name = new("instance") { Description = "The instance's name." };
        return new Command("check", "Asks an instance's backend whether all is well; exit status 1 when not.") { name }.Does(terminal, async (session, stop) =>
        {
            var check = await session.Api.ChangeAsync(HttpMethod.Post, Address.Of("plugins", session.Said.GetValue(name)!, "check"), null, stop);
            session.Show.One(check,
            [
                Column.Of("instance", "name"), Column.Of("ok", "ok"), Column.Of("milliseconds", "milliseconds"),
                new("findings", c => string.Join("\n", c.Items("findings").Select(f => $"{f.Text("subject")}: {f.Text("kind")}: {f.Text("message")}"))),
            ]);
            if (check.At("ok").ValueKind != JsonValueKind.True)
                throw new ApiFault(ExitCode.Refused, $"'{session.Said.GetValue(name)}' is not well.");
        });
    }

    /// <summary>A row an instance; a plugin without one has a row of its own.</summary>
    private static IEnumerable<JsonElement> Rows(JsonElement plugin)
    {
        var instances = plugin.Items("instances").ToList();
        return (instances.Count == 0 ? [default] : instances).Select(instance => JsonSerializer.SerializeToElement(new
        {
            plugin = plugin.Text("name"),
            kind = plugin.Text("kind"),
            version = plugin.Text("version"),
            contract = plugin.Text("contract"),
            instance = instance.Text("name"),
            backend = instance.Text("backend"),
            health = instance.At("health") is { ValueKind: JsonValueKind.Object } health ? health.Text("state") : instance.Text("health"),
        }));
    }
}
