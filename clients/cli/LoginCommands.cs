using System.CommandLine;

namespace Delivery.Cli;

internal static class LoginCommands
{
    public static Command Login(Terminal terminal) =>
        new Command("login", "Checks a key and remembers server and key, in a file only you can read. Without --key it is asked for, or read from standard input.")
            .Does(terminal, async (session, stop) =>
            {
                var server = session.Said.GetValue(GlobalOptions.Server) ?? Credentials.Load(terminal)?.Server
                    ?? throw ApiFault.Usage("Which server? 'delivery login --server https://delivery.example.com'.");
                var key = session.Said.GetValue(GlobalOptions.Key) ?? Ask(terminal)
                    ?? throw ApiFault.Usage("A key is needed: --key, or a line on standard input.");
                var credentials = new Credentials(server, key);
                using var api = new DeliveryApi(credentials, terminal);
                await api.GetAsync(Address.Of("environments"), stop);
                credentials.Save(terminal);
                session.Show.Say($"Signed in to {server}.");
            });

    public static Command Logout(Terminal terminal) =>
        new Command("logout", "Forgets server and key.")
            .Does(terminal, (session, _) =>
            {
                session.Show.Say(Credentials.Forget(terminal) ? "Signed out." : "Nobody was signed in.");
                return Task.CompletedTask;
            });

    private static string? Ask(Terminal terminal)
    {
        if (!terminal.Interactive)
            return terminal.In.ReadLine()?.Trim();
        terminal.Error.Write("Access key: ");
        return terminal.ReadSecret()?.Trim();
    }
}
