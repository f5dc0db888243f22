using System.CommandLine;
using System.Text.Json;
using Delivery.Client.Ledger;

namespace Delivery.Cli.Ledger;

/// <summary><c>ledger</c>: proof that the record is as it was written; <c>check</c> needs no server.</summary>
internal static class LedgerCommands
{
    private const string Head = "head.json";
    private const string Seals = "seals.ndjson";
    private const string Rows = "rows.pgcopy";

    public static Command Create(Terminal terminal) => new("ledger", "Proof that the record of exposures is as it was written.")
    {
        ShowHead(terminal), Verify(terminal), Export(terminal), Check(terminal),
    };

    private static Command ShowHead(Terminal terminal)
    {
        Option<FileInfo?> file = new("--file", "-f") { Description = "Into a file, to keep where the server's owner can't reach it." };
        return new Command("head", "The last seal. Noted elsewhere, it proves later that nothing before it was rewritten.") { file }.Does(terminal, async (session, stop) =>
        {
            if (session.Said.GetValue(file) is { } target)
                await Download.ToFileAsync(session, Address.Of("ledger", "head"), "application/json", target, stop);
            else
                session.Show.One(
                    await session.Api.GetAsync(Address.Of("ledger", "head"), stop),
                    [Column.Of("segment", "segment"), Column.Of("position", "position"), Column.Of("hash", "hash"), new("received", head => head.Time("receivedAt"))]);
        });
    }

    private static Command Verify(Terminal terminal)
    {
        Option<long?> from = new("--from") { Description = "The first segment." };
        Option<long?> to = new("--to") { Description = "The last segment." };
        return new Command("verify", "The server computes hashes and chain anew; exit status 1 when something does not hold.") { from, to }.Does(terminal, async (session, stop) =>
        {
            var report = await session.Api.GetAsync(Address.Of("ledger", "verify").With(("from", session.Said.GetValue(from)), ("to", session.Said.GetValue(to))), stop);
            Tell(session, report);
        });
    }

    private static Command Export(Terminal terminal)
    {
        Argument<DirectoryInfo> folder = new("folder") { Description = "Where to; made when it is not there." };
        return new Command("export", "Head, seals and canonical rows into a folder, for 'ledger check'.") { folder }.Does(terminal, async (session, stop) =>
        {
            var target = session.Said.GetValue(folder)!;
            target.Create();
            // Up to one head, whatever is sealed meanwhile.
            var head = await session.Api.GetAsync(Address.Of("ledger", "head"), stop);
            await File.WriteAllTextAsync(Path.Combine(target.FullName, Head), head.GetRawText(), stop);
            if (head.At("segment").GetInt64() == 0)
                throw ApiFault.Usage("The ledger is empty: there is nothing to export.");
            await Into(Seals, "seals", "application/x-ndjson");
            await Into(Rows, "rows", "application/vnd.postgresql.copy");

            Task Into(string name, string what, string accept) => Download.ToFileAsync(
                session, Address.Of("ledger", what).With(("to", head.Text("segment"))), accept, new FileInfo(Path.Combine(target.FullName, name)), stop);
        });
    }

    private static Command Check(Terminal terminal)
    {
        Argument<DirectoryInfo> folder = new("folder") { Description = "What 'ledger export' wrote." };
        Option<FileInfo?> noted = new("--head") { Description = "A head that was noted earlier; the export's own when left out." };
        return new Command("check", "Checks an export without any server: rows against seals, seals against each other, the end against a head. Exit status 1 when something does not hold.") { folder, noted }.Does(terminal, async (session, stop) =>
        {
            var source = session.Said.GetValue(folder)!.FullName;
            LedgerReport report;
            try
            {
                var head = LedgerHead.Read(await File.ReadAllBytesAsync(session.Said.GetValue(noted)?.FullName ?? Path.Combine(source, Head), stop));
                await using var seals = File.OpenRead(Path.Combine(source, Seals));
                await using var rows = File.OpenRead(Path.Combine(source, Rows));
                report = await LedgerCheck.RunAsync(head, LedgerSeal.ReadAsync(seals, stop), rows, stop);
            }
            catch (Exception e) when (e is InvalidDataException or JsonException)
            {
                throw ApiFault.Usage($"{source} is not a whole export of a ledger: {e.Message}");
            }

            Tell(session, JsonSerializer.SerializeToElement(report, JsonSerializerOptions.Web));
        });
    }

    private static void Tell(Session session, JsonElement report)
    {
        session.Show.One(report,
        [
            Column.Of("valid", "valid"), Column.Of("segments", "segments"), Column.Of("rows", "rows"), Column.Of("redacted", "redacted"), Column.Of("retired", "retired"),
            new("breaks", r => string.Join("\n", r.Items("breaks").Select(b => $"segment {b.Text("segment")}: {b.Text("kind")}: {b.Text("detail")}"))),
        ]);
        if (report.At("valid").ValueKind != JsonValueKind.True)
            throw new ApiFault(ExitCode.Refused, "The ledger is not as it was sealed.");
    }
}
