using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Delivery.Cli.Ledger;

/// <summary><c>exposures</c>: who met what, when and why.</summary>
internal static class ExposureCommands
{
    private static readonly IReadOnlyList<Column> Columns =
    [
        Column.Of("UNIT", "unit"), new("TIME", e => e.Time("time")), Column.Of("FLAG", "flag"), Column.Of("VARIANT", "variant"), Column.Of("REASON", "reason"),
        Column.Of("RULE", "ruleId"), Column.Of("VERSION", "flagVersion"), Column.Of("ENVIRONMENT", "environment"), Column.Of("TIMING", "timing"),
    ];

    private const int VerifiedAtOnce = 100_000;
    private const int MostMismatches = 1_000;
    private const int MostShown = 20;

    public static Command Create(Terminal terminal) => new("exposures", "The ledger's answers: who was exposed to what, when and why.")
    {
        List(terminal), Of(terminal), Count(terminal), Verify(terminal),
        UnitCommands.First(terminal), UnitCommands.Crossovers(terminal), UnitCommands.Unassigned(terminal), UnitCommands.Outdated(terminal),
        UnitCommands.Traffic(terminal), UnitCommands.Forget(terminal),
    };

    private static Command List(Terminal terminal)
    {
        var filter = new ExposureFilter();
        Option<FileInfo?> file = new("--file", "-f") { Description = "All of them into a file, by its ending: .csv, .ndjson or .parquet." };
        Option<int> limit = new("--limit") { Description = "How many at the most, where no file is written.", DefaultValueFactory = _ => 100 };
        return filter.On(new Command("list", "Who was exposed.") { file, limit }).Does(terminal, async (session, stop) =>
        {
            var path = filter.Address(session.Said, Address.Of("exposures"));
            if (session.Said.GetValue(file) is { } target)
                await Download.ToFileAsync(session, path, Accept(target), target, stop);
            else
                session.Show.List(await session.Api.ListAsync(path, session.Said.GetValue(limit), stop), "Nobody was exposed to that.", Columns);
        });
    }

    private static Command Of(Terminal terminal)
    {
        Argument<string> unit = new("unit") { Description = "The unit's id." };
        Option<int> limit = new("--limit") { Description = "How many at the most.", DefaultValueFactory = _ => 100 };
        return new Command("of", "What a unit met.") { unit, limit }.Does(terminal, async (session, stop) =>
            session.Show.List(await session.Api.ListAsync(Address.Of("units", session.Said.GetValue(unit)!, "exposures"), session.Said.GetValue(limit), stop), "That unit met no flag.", Columns));
    }

    private static Command Count(Terminal terminal)
    {
        var filter = new ExposureFilter();
        Option<string> by = new("--by") { Description = "variant, reason, rule, version, environment, flag, timing, minute, hour, day; several with commas.", DefaultValueFactory = _ => "flag,variant" };
        return filter.On(new Command("count", "How many exposures and units.") { by }).Does(terminal, async (session, stop) =>
        {
            var names = session.Said.GetValue(by)!.Split(',', StringSplitOptions.TrimEntries);
            var answer = await session.Api.GetAsync(filter.Address(session.Said, Address.Of("exposures", "counts"), ("by", string.Join(',', names))), stop);
            session.Show.List([.. answer.Items("items")], "No exposures.",
            [
                .. names.Select(name => new Column(name.ToUpperInvariant(), count => count.Text($"by.{name}"))),
                Column.Of("EXPOSURES", "exposures"), Column.Of("UNITS", "units"), Column.Of("SHARE", "share"), Column.Of("PER HOUR", "perHour"),
            ]);
        });
    }

    private static Command Verify(Terminal terminal)
    {
        var environment = GlobalOptions.Environment();
        Option<string?> flag = new("--flag") { Description = "Of one flag." };
        Option<string?> from = new("--from") { Description = "Not before this time." };
        Option<string?> to = new("--to") { Description = "Before this time." };
        return new Command("verify", "Derives the recorded exposures of a range again from flag version and attributes, the newest first; exit status 1 when one differs.") { environment, flag, from, to }.Does(terminal, async (session, stop) =>
        {
            var said = session.Said;
            var body = new JsonObject().Set("environment", said.GetValue(environment)).Set("flag", said.GetValue(flag)).Set("from", said.GetValue(from)).Set("to", said.GetValue(to));
            var report = await DerivedAsync(session, body, stop);
            session.Show.One(report,
            [
                Column.Of("checked", "checked"), Column.Of("matching", "matching"), Column.Of("differing", "differing"), Column.Of("underivable", "underivable.count"),
                new("mismatches", found => string.Join("\n", found.Items("mismatches").Take(MostShown).Select(mismatch =>
                    $"{mismatch.Text("exposureId")} of {mismatch.Text("flag")}: {mismatch.Text("recorded.variant")}, the flag gives {mismatch.Text("expected.variant")} ({mismatch.Text("likelyCause")})"))),
            ]);
            if (report.At("differing").GetInt64() > 0)
                throw new ApiFault(ExitCode.Refused, "Some exposures are not what their flag version gives.");
        });
    }

    /// <summary>The whole range, a page after the other, as one report.</summary>
    private static async Task<JsonElement> DerivedAsync(Session session, JsonObject body, CancellationToken stop)
    {
        body["limit"] = VerifiedAtOnce;
        long found = 0, matching = 0, differing = 0, underivable = 0;
        var reasons = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var mismatches = new JsonArray();
        JsonElement page;
        do
        {
            page = await session.Api.ChangeAsync(HttpMethod.Post, Address.Of("exposures", "verify"), body, stop);
            found += page.At("checked").GetInt64();
            matching += page.At("matching").GetInt64();
            differing += page.At("differing").GetInt64();
            underivable += page.At("underivable.count").GetInt64();
            foreach (var reason in page.At("underivable.reasons").EnumerateObject())
                reasons[reason.Name] = reasons.GetValueOrDefault(reason.Name) + reason.Value.GetInt64();
            foreach (var mismatch in page.Items("mismatches").Take(MostMismatches - mismatches.Count))
                mismatches.Add(JsonNode.Parse(mismatch.GetRawText()));
            body["before"] = page.At("next") is { ValueKind: JsonValueKind.Number } next ? next.GetInt64() : null;
        }
        while (body["before"] is not null);
        return JsonSerializer.SerializeToElement(new { @checked = found, matching, differing, underivable = new { count = underivable, reasons }, mismatches });
    }

    private static string Accept(FileInfo target) => target.Extension.ToLowerInvariant() switch
    {
        ".csv" => "text/csv",
        ".ndjson" => "application/x-ndjson",
        ".parquet" => "application/vnd.apache.parquet",
        _ => throw ApiFault.Usage("--file: a name that ends in .csv, .ndjson or .parquet is accepted."),
    };
}
