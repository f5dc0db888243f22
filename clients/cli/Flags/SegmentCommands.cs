using System.CommandLine;

namespace Delivery.Cli.Flags;

/// <summary><c>segments</c>: reusable populations, and their lists of units.</summary>
internal static class SegmentCommands
{
    public static Command Create(Terminal terminal) => new("segments", "Segments: named, reusable populations.") { List(terminal), Upload(terminal), Download(terminal) };

    private static Command List(Terminal terminal) =>
        new Command("list", "Lists segments.").Does(terminal, async (session, stop) =>
            session.Show.List(await session.Api.ListAsync(Address.Of("segments"), 10_000, stop), "No segments.", Column.Of("KEY", "key"), Column.Of("VERSION", "version"), Column.Of("DESCRIPTION", "description")));

    private static Command Upload(Terminal terminal)
    {
        var key = KeyOf();
        Argument<FileInfo> file = new("file") { Description = "Units, one a line; .csv or .ndjson." };
        var list = ListOf();
        Option<string> mode = new("--mode") { Description = "What to do with them.", DefaultValueFactory = _ => "add" };
        mode.AcceptOnlyFromAmong("add", "remove", "replace");
        var comment = GlobalOptions.Comment();
        return new Command("upload", "Adds units to a segment's list, takes them out, or replaces the list; up to a million.") { key, file, list, mode, comment }.Does(terminal, async (session, stop) =>
        {
            var said = session.Said;
            var source = said.GetValue(file)!;
            var type = source.Extension.Equals(".csv", StringComparison.OrdinalIgnoreCase) ? "text/csv" : "application/x-ndjson";
            var path = Address.Of("segments", said.GetValue(key)!, "members").With(("list", said.GetValue(list)), ("mode", said.GetValue(mode)), ("comment", said.GetValue(comment)));
            await using var units = source.OpenRead();
            var answer = await session.Api.UploadAsync(path, units, type, stop);
            session.Show.Done($"The segment '{said.GetValue(key)}' has its units: {answer.GetRawText()}", answer);
        });
    }

    private static Command Download(Terminal terminal)
    {
        var key = KeyOf();
        Argument<FileInfo> file = new("file") { Description = "Where to; .csv or .ndjson." };
        var list = ListOf();
        return new Command("download", "A segment's list of units into a file.") { key, file, list }.Does(terminal, async (session, stop) =>
        {
            var target = session.Said.GetValue(file)!;
            var type = target.Extension.Equals(".csv", StringComparison.OrdinalIgnoreCase) ? "text/csv" : "application/x-ndjson";
            await Ledger.Download.ToFileAsync(session, Address.Of("segments", session.Said.GetValue(key)!, "members").With(("list", session.Said.GetValue(list))), type, target, stop);
        });
    }

    private static Argument<string> KeyOf()
    {
        var key = new Argument<string>("key") { Description = "The segment's key." };
        key.CompletionSources.Add(context => KnownKeys.Of("segments", context));
        return key;
    }

    private static Option<string> ListOf()
    {
        Option<string> list = new("--list") { Description = "Which of its lists.", DefaultValueFactory = _ => "included" };
        list.AcceptOnlyFromAmong("included", "excluded");
        return list;
    }
}
