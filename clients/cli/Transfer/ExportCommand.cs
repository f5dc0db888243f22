using System.CommandLine;

namespace Delivery.Cli.Transfer;

internal static class ExportCommand
{
    public static Command Create(Terminal terminal)
    {
        var environment = GlobalOptions.Environment();
        Option<FileInfo?> file = new("--file", "-f") { Description = "Where to; standard output when left out. A file that is there is replaced when the whole document has come." };
        return new Command("export", "An environment's flags and segments as one document that 'import delivery' takes back without loss.") { environment, file }.Does(terminal, async (session, stop) =>
        {
            var document = await session.Api.GetAsync(Address.Of("export").With(("environment", session.Said.GetValue(environment))), stop);
            if (session.Said.GetValue(file) is not { } target)
            {
                new Output(session.Show.Writer, OutputForm.Json).One(document);
                return;
            }

            var fresh = target.FullName + ".new";
            await using (var writer = new StreamWriter(fresh))
                new Output(writer, OutputForm.Json).One(document);
            File.Move(fresh, target.FullName, overwrite: true);
            session.Show.Say($"{document.Items("flags").Count()} flags in {target.FullName}.");
        });
    }
}
