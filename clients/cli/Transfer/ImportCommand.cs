using System.CommandLine;
using System.Text.Json;

namespace Delivery.Cli.Transfer;

internal static class ImportCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> format = new("format") { Description = "Whose document it is." };
        format.AcceptOnlyFromAmong("growthbook", "unleash", "flagd", "delivery");
        Argument<string> file = new("file") { Description = "The document; - is standard input." };
        var environment = GlobalOptions.Environment();
        Option<bool> strict = new("--strict") { Description = "Import nothing if anything can't be expressed." };
        Option<bool> dryRun = new("--dry-run") { Description = "Report only." };
        return new Command("import", "Turns another system's flags into ours; every unit stays in its bucket.") { format, file, environment, strict, dryRun }.Does(terminal, async (session, stop) =>
        {
            var said = session.Said;
            var document = JsonText.Strict(await InputFile.ReadAsync(terminal, said.GetValue(file)!, stop), "file");
            var path = Address.Of("import", said.GetValue(format)!).With(("environment", said.GetValue(environment)), ("strict", said.GetValue(strict)), ("dryRun", said.GetValue(dryRun)));
            var report = await session.Api.ChangeAsync(HttpMethod.Post, path, document, stop);
            switch (session.Show.Form)
            {
                case OutputForm.Json:
                    session.Show.One(report);
                    break;
                case OutputForm.Quiet:
                    session.Show.List([.. report.Items("imported")], "", new Column("KEY", key => key.Text()));
                    break;
                default:
                    Write(session.Show, report, said.GetValue(dryRun));
                    break;
            }
        });
    }

    private static void Write(Output show, JsonElement report, bool dryRun)
    {
        var flags = report.Items("imported").Count();
        var populations = report.Items("populations").Count();
        show.Say($"{flags} flag{(flags == 1 ? "" : "s")}{(populations > 0 ? $" and {populations} segments, layers and holdouts" : "")} {(dryRun ? "would be imported" : report.At("changed").ValueKind == JsonValueKind.True ? "imported" : "were there already, the same")} in {report.Text("environment")}.");
        Remarks(show, "Expressed in another way, deciding the same:", report.Items("translated"));
        Remarks(show, "Can't be expressed, left out:", report.Items("unsupported"));
    }

    private static void Remarks(Output show, string head, IEnumerable<JsonElement> remarks)
    {
        var lines = remarks.Select(remark => $"  {remark.Text("path")}: {remark.Text("message")}").ToList();
        if (lines.Count == 0)
            return;
        show.Say("");
        show.Say(head);
        lines.ForEach(show.Say);
    }
}
