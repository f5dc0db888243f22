using System.CommandLine;

namespace Delivery.Cli;

/// <summary>Options that every command has.</summary>
internal static class GlobalOptions
{
    public static Option<Uri?> Server { get; } = new("--server")
    {
        Description = "The server's address; else DELIVERY_SERVER, else the one signed in to.",
        Recursive = true,
        CustomParser = result => Address(result),
    };

    public static Option<string?> Key { get; } = new("--key")
    {
        Description = "An access key; else DELIVERY_KEY, else the one signed in with. On a shared machine prefer the variable.",
        Recursive = true,
    };

    public static Option<OutputForm> Output { get; } = new("--output", "-o")
    {
        Description = "table for people (the default), json for programs (as the server answered), quiet for keys only.",
        HelpName = "table|json|quiet",
        Recursive = true,
    };

    public static Option<string?> Comment() => new("--comment", "-m") { Description = "Why; the audit keeps it." };

    public static Option<string> Environment() => WithEnvironments(new Option<string>("--environment", "-e")
    {
        Description = "The environment's key.",
        DefaultValueFactory = _ => "production",
    });

    public static Option<long?> IfMatch() => new("--if-match") { Description = "Refuse unless the stream is at this version." };

    private static Option<string> WithEnvironments(Option<string> option)
    {
        option.CompletionSources.Add(context => KnownKeys.Of("environments", context));
        return option;
    }

    private static Uri? Address(System.CommandLine.Parsing.ArgumentResult result)
    {
        if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
            return address;
        result.AddError("--server: an address such as https://delivery.example.com is accepted.");
        return null;
    }
}

/// <summary>How answers are shown.</summary>
internal enum OutputForm
{
    Table = 0,
    Json,
    Quiet,
}
