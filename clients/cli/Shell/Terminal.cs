namespace Delivery.Cli;

/// <summary>What the command touches of the machine it runs on; tests bring their own.</summary>
internal sealed record Terminal
{
    /// <summary>Where answers go.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Where complaints go.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Where <c>-</c> is read from.</summary>
    public required TextReader In { get; init; }

    /// <summary>Whether a person types: then a key may be asked for.</summary>
    public required bool Interactive { get; init; }

    /// <summary>An environment variable's value; null when it is not set.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>The folder for what the command remembers.</summary>
    public required string Folder { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Makes the handler of one client; the client disposes of it.</summary>
    public required Func<HttpMessageHandler> Handler { get; init; }

    /// <summary>Reads a line that is not shown.</summary>
    public required Func<string?> ReadSecret { get; init; }

    public static Terminal OfThisProcess() => new()
    {
        Out = Console.Out,
        Error = Console.Error,
        In = Console.In,
        Interactive = !Console.IsInputRedirected,
        Variable = Environment.GetEnvironmentVariable,
        Folder = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData, Environment.SpecialFolderOption.DoNotVerify), "delivery"),
        Time = TimeProvider.System,
        Handler = () => new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(10) },
        ReadSecret = ReadHidden,
    };

    private static string? ReadHidden()
    {
        var text = new System.Text.StringBuilder();
        while (Console.ReadKey(intercept: true) is var pressed && pressed.Key != ConsoleKey.Enter)
        {
            if (pressed.Key == ConsoleKey.Backspace && text.Length > 0)
                text.Length--;
            else if (!char.IsControl(pressed.KeyChar))
                text.Append(pressed.KeyChar);
        }

        Console.Error.WriteLine();
        return text.Length == 0 ? null : text.ToString();
    }
}
