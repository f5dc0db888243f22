using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Delivery.Cli.Flags;

internal static class FlagCommands
{
    private static readonly IReadOnlyList<Column> Columns =
    [
        Column.Of("KEY", "key"), Column.Of("TYPE", "type"), Column.Of("OWNER", "owner"), new("STATE", State),
        new("EXPIRES", flag => flag.Text("expiresOn")), new("CHANGED", flag => flag.Time("changedAt")), Column.Of("DESCRIPTION", "description"),
    ];

    public static Command Create(Terminal terminal) => new("flags", "Flags: what is decided, and for whom.")
    {
        List(terminal),
        Get(terminal),
        CreateFlag(terminal),
        SetFlag.Create(terminal),
        Switch(terminal, "kill", "Serves the off variant to everyone, now.", "killed"),
        Restore(terminal),
        FlagHistory.Create(terminal),
        FlagDiff.Create(terminal),
        Archive(terminal),
    };

    /// <summary>A flag's key, completed from the server.</summary>
    public static Argument<string> KeyOf()
    {
        var key = new Argument<string>("key") { Description = "The flag's key." };
        key.CompletionSources.Add(context => KnownKeys.Of("flags", context));
        return key;
    }

    private static Command List(Terminal terminal)
    {
        Option<string?> owner = new("--owner") { Description = "Of one team." };
        Option<string?> tag = new("--tag") { Description = "With this tag." };
        Option<string?> type = new("--type") { Description = "boolean, string, number or object." };
        Option<string?> text = new("--text") { Description = "With this text in key or description." };
        Option<bool> archived = new("--archived") { Description = "Retired ones instead." };
        Option<int> limit = new("--limit") { Description = "How many at the most.", DefaultValueFactory = _ => 1_000 };
        return new Command("list", "Lists flags.") { owner, tag, type, text, archived, limit }.Does(terminal, async (session, stop) =>
        {
            var said = session.Said;
            var path = Address.Of("flags").With(
                ("owner", said.GetValue(owner)), ("tag", said.GetValue(tag)), ("type", said.GetValue(type)), ("text", said.GetValue(text)),
                ("archived", said.GetValue(archived) ? true : null));
            session.Show.List(await session.Api.ListAsync(path, said.GetValue(limit), stop), "No flags. 'delivery flags create KEY' makes one.", Columns);
        });
    }

    private static Command Get(Terminal terminal)
    {
        var key = KeyOf();
        Option<string?> at = new("--at") { Description = "As it was at a time (ISO 8601) or a global sequence." };
        Option<string?> environment = new("--environment", "-e") { Description = "In this environment only." };
        return new Command("get", "Shows a flag: what it is, and its configuration in each environment.") { key, at, environment }.Does(terminal, async (session, stop) =>
        {
            var path = Address.Of("flags", session.Said.GetValue(key)!).With(("at", session.Said.GetValue(at)), ("environment", session.Said.GetValue(environment)));
            session.Show.One(await session.Api.GetAsync(path, stop),
            [
                Column.Of("key", "key"), Column.Of("type", "type"), Column.Of("description", "description"), Column.Of("owner", "owner"), Column.Of("tags", "tags"),
                new("variants", flag => string.Join(", ", flag.Items("variants").Select(v => $"{v.Text("key")} = {v.At("value").GetRawText()}"))),
                Column.Of("off variant", "offVariant"), Column.Of("expires", "expiresOn"), Column.Of("client visible", "clientVisible"),
                Column.Of("archived", "archived"), Column.Of("version", "version"), new("changed", flag => flag.Time("changedAt")),
                new("environments", flag => string.Join("\n", flag.Members("environments").Select(here => $"{here.Name}: {FlagText.Of(here.Value)}"))),
            ]);
        });
    }

    private static Command CreateFlag(Terminal terminal)
    {
        Argument<string> key = new("key") { Description = "1 to 100 characters in kebab-case." };
        Option<string> type = new("--type") { Description = "What its variants are.", DefaultValueFactory = _ => "boolean" };
        type.AcceptOnlyFromAmong("boolean", "string", "number", "object");
        Option<string[]> variants = new("--variant") { Description = "NAME=VALUE, several times; a boolean flag has on and off by itself.", AllowMultipleArgumentsPerToken = false };
        Option<string?> off = new("--off-variant") { Description = "What is served when the flag is off." };
        Option<string?> owner = new("--owner") { Description = "The team that owns it." };
        Option<string[]> tags = new("--tag") { Description = "A word to find it by; several times." };
        Option<string?> description = new("--description") { Description = "What it decides." };
        Option<string?> expires = new("--expires") { Description = "The day after which it should be gone: 2027-03-31." };
        Option<bool> client = new("--client-visible") { Description = "Client keys (browsers, apps) may see it." };
        var comment = GlobalOptions.Comment();
        return new Command("create", "Defines a flag; it serves its off variant until someone opens it.") { key, type, variants, off, owner, tags, description, expires, client, comment }
            .Does(terminal, async (session, stop) =>
            {
                var said = session.Said;
                var body = new JsonObject { ["key"] = said.GetValue(key), ["type"] = said.GetValue(type) };
                if (said.GetValue(variants) is { Length: > 0 } pairs)
                    body["variants"] = new JsonArray([.. pairs.Select(pair => Variant(pair, said.GetValue(type)!))]);
                if (said.GetValue(tags) is { Length: > 0 } words)
                    body["tags"] = new JsonArray([.. words.Select(word => (JsonNode)word)]);
                body.Set("offVariant", said.GetValue(off)).Set("owner", said.GetValue(owner)).Set("description", said.GetValue(description))
                    .Set("expiresOn", said.GetValue(expires)).Set("comment", said.GetValue(comment));
                if (said.GetValue(client))
                    body["clientVisible"] = true;
                var answer = await session.Api.ChangeAsync(HttpMethod.Post, Address.Of("flags"), body, stop);
                session.Show.Done($"The flag '{said.GetValue(key)}' is there.", answer);
            });
    }

    private static JsonObject Variant(string pair, string type)
    {
        if (pair.Split('=', 2) is not [{ Length: > 0 } name, var value])
            throw ApiFault.Usage($"--variant: NAME=VALUE is accepted, not '{pair}'.");
        return new JsonObject { ["key"] = name, ["value"] = type == "string" ? JsonValue.Create(value) : JsonText.Strict(value, "--variant") };
    }

    private static Command Restore(Terminal terminal)
    {
        var key = KeyOf();
        var environment = GlobalOptions.Environment();
        var comment = GlobalOptions.Comment();
        Option<long?> version = new("--version") { Description = "Bring definition and configurations back to those of this version, as a new change." };
        return new Command("restore", "Takes a kill back; with --version brings an earlier version back.") { key, environment, version, comment }.Does(terminal, async (session, stop) =>
        {
            var said = session.Said;
            var flag = said.GetValue(key)!;
            var body = new JsonObject().Set("comment", said.GetValue(comment));
            if (said.GetValue(version) is { } number)
            {
                body["version"] = number;
                var answer = await session.Api.ChangeAsync(HttpMethod.Post, Address.Of("flags", flag, "versions", "restore"), body, stop);
                session.Show.Done($"'{flag}' is as it was at version {number.ToString(CultureInfo.InvariantCulture)}.", answer);
                return;
            }

            var restored = await session.Api.ChangeAsync(HttpMethod.Post, Address.Of("flags", flag, "environments", said.GetValue(environment)!, "restore"), body, stop);
            session.Show.Done($"'{flag}' is restored in {said.GetValue(environment)}.", restored);
        });
    }

    private static Command Switch(Terminal terminal, string name, string description, string done)
    {
        var key = KeyOf();
        var environment = GlobalOptions.Environment();
        var comment = GlobalOptions.Comment();
        return new Command(name, description) { key, environment, comment }.Does(terminal, async (session, stop) =>
        {
            var said = session.Said;
            var path = Address.Of("flags", said.GetValue(key)!, "environments", said.GetValue(environment)!, name);
            var answer = await session.Api.ChangeAsync(HttpMethod.Post, path, new JsonObject().Set("comment", said.GetValue(comment)), stop);
            session.Show.Done($"'{said.GetValue(key)}' is {done} in {said.GetValue(environment)}.", answer);
        });
    }

    private static Command Archive(Terminal terminal)
    {
        var key = KeyOf();
        var comment = GlobalOptions.Comment();
        return new Command("archive", "Retires a flag.") { key, comment }.Does(terminal, async (session, stop) =>
        {
            var answer = await session.Api.ChangeAsync(
                HttpMethod.Post, Address.Of("flags", session.Said.GetValue(key)!, "archive"), new JsonObject().Set("comment", session.Said.GetValue(comment)), stop);
            session.Show.Done($"'{session.Said.GetValue(key)}' is archived.", answer);
        });
    }

    private static string State(JsonElement flag) =>
        flag.At("archived").ValueKind == JsonValueKind.True ? "archived"
        : string.Join(", ", flag.Members("environments").Select(here => $"{here.Name} {FlagText.State(here.Value)}"));
}
