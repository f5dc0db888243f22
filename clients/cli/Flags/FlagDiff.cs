using System.CommandLine;
using System.Text.Json;

namespace Delivery.Cli.Flags;

internal static class FlagDiff
{
    public static Command Create(Terminal terminal)
    {
        var key = FlagCommands.KeyOf();
        Option<long?> from = new("--from") { Description = "The older version; the one before --to when left out." };
        Option<long?> to = new("--to") { Description = "The newer version; the present one when left out." };
        Option<string?> source = new("--from-environment") { Description = "Compare environments instead: what a copy from this one would change in --environment." };
        var environment = GlobalOptions.Environment();
        return new Command("diff", "What changed between two versions, or differs between two environments.") { key, from, to, source, environment }.Does(terminal, async (session, stop) =>
        {
            var said = session.Said;
            var flag = said.GetValue(key)!;
            var path = said.GetValue(source) is { } other
                ? Address.Of("flags", flag, "environments", said.GetValue(environment)!, "diff").With(("from", other))
                : Address.Of("flags", flag, "diff").With(("from", said.GetValue(from) ?? await Before(session, flag, said.GetValue(to), stop)), ("to", said.GetValue(to)));
            var answer = await session.Api.GetAsync(path, stop);
            if (session.Show.Form == OutputForm.Json)
                session.Show.One(answer);
            else
                session.Show.List([.. answer.Items("differences")], "No difference.", Column.Of("WHERE", "path"), new("BEFORE", d => Value(d.At("before"))), new("AFTER", d => Value(d.At("after"))));
        });
    }

    private static async Task<long> Before(Session session, string flag, long? to, CancellationToken cancellationToken)
    {
        var version = to ?? (await session.Api.GetAsync(Address.Of("flags", flag), cancellationToken)).At("version").GetInt64();
        return Math.Max(1, version - 1);
    }

    private static string Value(JsonElement value) => value.ValueKind == JsonValueKind.Undefined ? "-" : value.GetRawText();
}
