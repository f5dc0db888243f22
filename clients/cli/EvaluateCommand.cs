using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Delivery.Cli.Flags;

namespace Delivery.Cli;

/// <summary><c>evaluate</c>: what a unit would get, and why; it records no exposure.</summary>
internal static class EvaluateCommand
{
    public static Command Create(Terminal terminal)
    {
        var key = FlagCommands.KeyOf();
        Option<string?> unit = new("--unit", "-u") { Description = "The targeting key." };
        Option<string[]> attributes = new("--attribute", "-a") { Description = "NAME=VALUE, several times; VALUE is JSON where it is JSON (7, true, [\"a\"]), else text." };
        Option<string?> context = new("--context") { Description = "A JSON file with the whole context; - is standard input." };
        Option<bool> explain = new("--explain") { Description = "Every step: which rule, which condition failed with which attribute, which bucket." };
        Option<string?> at = new("--at") { Description = "As it was at a time (ISO 8601) or a global sequence, with all the flag depends on." };
        var environment = GlobalOptions.Environment();
        return new Command("evaluate", "What a unit would get, and why. Records no exposure.") { key, environment, unit, attributes, context, explain, at }.Does(terminal, async (session, stop) =>
        {
            var said = session.Said;
            var values = said.GetValue(context) is { } file
                ? await InputFile.ReadObjectAsync(terminal, file, "--context", stop)
                : [];
            foreach (var pair in said.GetValue(attributes) ?? [])
            {
                if (pair.Split('=', 2) is not [{ Length: > 0 } name, var value])
                    throw ApiFault.Usage($"--attribute: NAME=VALUE is accepted, not '{pair}'.");
                values[name] = JsonText.Lenient(value);
            }

            values.Set("targetingKey", said.GetValue(unit));
            var body = new JsonObject { ["flag"] = said.GetValue(key), ["environment"] = said.GetValue(environment), ["context"] = values, ["explain"] = said.GetValue(explain) };
            var answer = await session.Api.ChangeAsync(HttpMethod.Post, Address.Of("evaluate").With(("at", said.GetValue(at))), body, stop);
            session.Show.One(answer,
            [
                new("value", result => result.At("value") is { ValueKind: not JsonValueKind.Undefined } value ? value.GetRawText() : ""),
                Column.Of("variant", "variant"), Column.Of("reason", "reason"), new("why", Why), Column.Of("error", "errorCode"), Column.Of("details", "errorDetails"),
                Column.Of("version", "version"), Column.Of("sequence", "sequence"), new("trace", result => string.Join("\n", result.Items("trace").Select(Step))),
            ]);
        });
    }

    private static string Why(JsonElement result)
    {
        var why = result.At("why");
        var bucket = why.At("bucket") is { ValueKind: JsonValueKind.Number } at ? $", bucket {at.GetDouble() * 100:0.####} %" : "";
        var passed = why.Text("passedOver") is { Length: > 0 } reason ? $"; passed over {why.Text("passedOverRule")} ({reason})" : "";
        return $"{why.Text("kind")}{(why.Text("ruleId") is { Length: > 0 } rule ? $" {rule}" : "")}{(why.Text("subject") is { Length: > 0 } subject ? $" {subject}" : "")}{bucket}{passed}";
    }

    private static string Step(JsonElement step) =>
        $"{(step.At("decided").ValueKind == JsonValueKind.True ? "=>" : "  ")} {step.Text("kind")} {step.Text("subject")}: {step.Text("outcome")}{Condition(step.At("condition"), "     ")}"
        + string.Concat(step.Items("buckets").Select(bucket => $"\n     {bucket.Text("purpose")} by {bucket.Text("unitAttribute")} {bucket.Text("unit")}: {bucket.Text("fraction")}, {(bucket.At("passed").ValueKind == JsonValueKind.True ? "inside" : "outside")}"));

    private static string Condition(JsonElement condition, string indent) => condition.ValueKind != JsonValueKind.Object ? ""
        : $"\n{indent}{(condition.At("matched").ValueKind == JsonValueKind.True ? "holds" : "fails")}: {condition.Text("question")}{(condition.Text("actual") is { Length: > 0 } actual ? $" (is {actual})" : "")}{(condition.Text("detail") is { Length: > 0 } detail ? $"; {detail}" : "")}"
            + string.Concat(condition.Items("parts").Select(part => Condition(part, indent + "  ")));
}
