using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Delivery.Cli.Flags;

/// <summary>
/// <c>flags set</c>: changes what was named of a flag's configuration and leaves the rest as it is, or writes a whole
/// configuration from a file. What was read must still be there when it is written, else nothing changes.
/// </summary>
internal static class SetFlag
{
    public static Command Create(Terminal terminal)
    {
        var key = FlagCommands.KeyOf();
        var environment = GlobalOptions.Environment();
        Option<bool?> enabled = new("--enabled") { Description = "true, or false for the off variant to everyone." };
        Option<string?> serve = new("--serve") { Description = "The variant for everyone no rule or target decides; 'off' in quotes is a variant's key as any other." };
        Option<string[]> split = new("--split") { Description = "VARIANT=PERCENT, several times, adding up to 100: a random, persistent split for everyone no rule or target decides." };
        Option<string[]> targets = new("--target") { Description = "UNIT=VARIANT: this unit always gets it; several times." };
        Option<string?> file = new("--file", "-f") { Description = "A whole configuration as JSON, as 'flags get -o json' shows it; - is standard input." };
        var ifMatch = GlobalOptions.IfMatch();
        var comment = GlobalOptions.Comment();
        return new Command("set", "Changes a flag's configuration in an environment.") { key, environment, enabled, serve, split, targets, file, ifMatch, comment }
            .Does(terminal, async (session, stop) =>
            {
                var said = session.Said;
                var (flag, where) = (said.GetValue(key)!, said.GetValue(environment)!);
                var present = await session.Api.GetAsync(Address.Of("flags", flag).With(("environment", where)), stop);
                var body = said.GetValue(file) is { } path
                    ? await InputFile.ReadObjectAsync(terminal, path, "--file", stop)
                    : Written(present.At($"environments.{where}"));
                body.Remove("killed");
                body.Remove("sequence");
                if (said.GetValue(enabled) is { } on)
                    body["enabled"] = on;
                if (said.GetValue(serve) is { } variant)
                    body["default"] = new JsonObject { ["variant"] = variant };
                if (said.GetValue(split) is { Length: > 0 } shares)
                    body["default"] = Split(body["default"]?["split"] as JsonObject, $"{flag}:{where}", shares);
                foreach (var target in said.GetValue(targets) ?? [])
                    Target(body, target);
                body.Set("comment", said.GetValue(comment));
                var version = said.GetValue(ifMatch) ?? (present.At("version") is { ValueKind: JsonValueKind.Number } read ? read.GetInt64() : null);
                var answer = await session.Api.ChangeAsync(HttpMethod.Put, Address.Of("flags", flag, "environments", where), body, stop, version);
                session.Show.Done($"'{flag}' in {where}: {FlagText.Of(JsonElement.Parse(body.ToJsonString()))}.", answer);
            });
    }

    /// <summary>What a write takes of what a read shows: the rules of rollouts are the rollouts'.</summary>
    private static JsonObject Written(JsonElement here)
    {
        var body = JsonObject.Create(here) ?? [];
        body["rules"] = new JsonArray([.. here.Items("rules").Where(rule => rule.At("managedBy").ValueKind is JsonValueKind.Undefined or JsonValueKind.Null).Select(rule => JsonNode.Parse(rule.GetRawText()))]);
        return body;
    }

    /// <summary>New weights; a split that is there keeps its salt and all else, so that as few units as can be move.</summary>
    private static JsonObject Split(JsonObject? present, string salt, string[] shares)
    {
        var weights = new JsonArray();
        var sum = 0m;
        foreach (var share in shares)
        {
            if (share.Split('=', 2) is not [{ Length: > 0 } variant, var text] || !decimal.TryParse(text.TrimEnd('%'), NumberStyles.Number, CultureInfo.InvariantCulture, out var percent) || percent is < 0 or > 100)
                throw ApiFault.Usage($"--split: VARIANT=PERCENT is accepted, not '{share}'.");
            sum += percent;
            weights.Add(new JsonObject { ["variant"] = variant, ["weight"] = (long)(percent * 1_000) });
        }

        var split = present?.DeepClone() as JsonObject ?? new JsonObject { ["salt"] = salt };
        split["weights"] = weights;
        return sum == 100
            ? new JsonObject { ["split"] = split }
            : throw ApiFault.Usage($"--split: percentages that add up to 100 are accepted, not {sum.ToString(CultureInfo.InvariantCulture)}.");
    }

    private static void Target(JsonObject body, string target)
    {
        if (target.Split('=', 2) is not [{ Length: > 0 } unit, { Length: > 0 } variant])
            throw ApiFault.Usage($"--target: UNIT=VARIANT is accepted, not '{target}'.");
        var lists = body["targets"] as JsonArray ?? [];
        body["targets"] = lists;
        var byKey = lists.OfType<JsonObject>().Where(list => list["unitAttribute"]?.GetValue<string>() is null or "targetingKey").ToList();
        foreach (var list in byKey)
        {
            if (list["units"] is JsonArray units && units.FirstOrDefault(u => u?.GetValue<string>() == unit) is { } old)
                units.Remove(old);
        }

        foreach (var spent in byKey.Where(list => list["units"] is JsonArray { Count: 0 }))
            lists.Remove(spent);
        if (byKey.FirstOrDefault(list => list.Parent is not null && list["variant"]?.GetValue<string>() == variant) is { } there)
            ((JsonArray)there["units"]!).Add(unit);
        else
            lists.Add(new JsonObject { ["variant"] = variant, ["units"] = new JsonArray(unit) });
    }
}
