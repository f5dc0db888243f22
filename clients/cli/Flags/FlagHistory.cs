using System.CommandLine;
using Delivery.Cli.Auditing;

namespace Delivery.Cli.Flags;

internal static class FlagHistory
{
    public static Command Create(Terminal terminal)
    {
        var key = FlagCommands.KeyOf();
        Option<int> limit = new("--limit") { Description = "How many at the most.", DefaultValueFactory = _ => 50 };
        return new Command("history", "Who changed a flag, when and why; newest first.") { key, limit }.Does(terminal, async (session, stop) =>
        {
            var path = Address.Of("flags", session.Said.GetValue(key)!, "events").With(("order", "desc"));
            session.Show.List(await session.Api.ListAsync(path, session.Said.GetValue(limit), stop), "Nothing is recorded of that flag.", EventText.OfOneThing);
        });
    }
}
