using System.CommandLine;
using System.Net.ServerSentEvents;
using System.Text.Json;

namespace Delivery.Cli.Auditing;

internal static class EventCommands
{
    public static Command Create(Terminal terminal) => new("events", "The audit: who did what, when and why.") { Tail(terminal) };

    private static Command Tail(Terminal terminal)
    {
        Option<string?> kind = new("--kind") { Description = "Of one kind: flag, rollout, segment, alert, key, ..." };
        Option<string?> key = new("--of") { Description = "Of the thing with this key." };
        Option<string?> actor = new("--actor") { Description = "By this principal." };
        Option<string?> type = new("--type") { Description = "Of one type, such as flag-killed." };
        Option<int> lines = new("--lines", "-n") { Description = "How many past events to begin with, 0 to 1000.", DefaultValueFactory = _ => 20 };
        Option<bool> follow = new("--follow", "-f") { Description = "Go on with events as they happen, until Ctrl-C." };
        Option<bool> seals = new("--seals") { Description = "The ledger's seals too: many." };
        return new Command("tail", "The newest events; with --follow as they happen. With -o json a JSON document a line.") { kind, key, actor, type, lines, follow, seals }.Does(terminal, async (session, stop) =>
        {
            var said = session.Said;
            (string, object?)[] filter =
            [
                ("kind", said.GetValue(kind)), ("key", said.GetValue(key)), ("actor", said.GetValue(actor)), ("type", said.GetValue(type)), ("seals", said.GetValue(seals) ? true : null),
            ];
            if (said.GetValue(lines) is < 0 or > 1_000)
                throw ApiFault.Usage("--lines: a whole number from 0 to 1000 is accepted.");
            // The newest of all, not of the filter's: a stream that begins there misses nothing and repeats nothing.
            var newest = await session.Api.ListAsync(Address.Of("events").With(("order", "desc"), ("seals", true)), 1, stop);
            var last = newest is [var one] ? one.At("sequence").GetInt64() : 0;
            var past = said.GetValue(lines) == 0 ? [] : await session.Api.ListAsync(Address.Of("events").With([.. filter, ("order", "desc"), ("after", last + 1)]), said.GetValue(lines), stop);
            foreach (var recorded in past.Reverse())
                Write(session.Show, recorded);
            if (said.GetValue(follow))
                await Follow(session, Address.Of("events", "stream").With([.. filter, ("after", last)]), stop);
        });
    }

    private static async Task Follow(Session session, string path, CancellationToken cancellationToken)
    {
        using var answer = await session.Api.OpenAsync(path, "text/event-stream", cancellationToken);
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancellationToken))
            Write(session.Show, JsonElement.Parse(item.Data));
    }

    private static void Write(Output show, JsonElement recorded)
    {
        show.Writer.WriteLine(show.Form switch
        {
            OutputForm.Json => recorded.GetRawText(),
            OutputForm.Quiet => recorded.Text("sequence"),
            _ => EventText.Line(recorded),
        });
        show.Writer.Flush();
    }
}
