using System.CommandLine;
using System.Text.Json;

namespace Delivery.Cli;

/// <summary>One run of one command: what was said, the server it talks to, where the answer goes.</summary>
internal sealed class Session : IDisposable
{
    private readonly Lazy<DeliveryApi> _api;

    private Session(Terminal terminal, ParseResult said)
    {
        Terminal = terminal;
        Said = said;
        Show = new Output(terminal.Out, said.GetValue(GlobalOptions.Output));
        _api = new Lazy<DeliveryApi>(() => DeliveryApi.For(terminal, said.GetValue(GlobalOptions.Server), said.GetValue(GlobalOptions.Key)));
    }

    public Terminal Terminal { get; }

    public ParseResult Said { get; }

    public Output Show { get; }

    /// <summary>The server; made at the first use.</summary>
    /// <exception cref="ApiFault">Nobody signed in.</exception>
    public DeliveryApi Api => _api.Value;

    public void Dispose()
    {
        if (_api.IsValueCreated)
            _api.Value.Dispose();
    }

    /// <summary>What a command does; whatever goes wrong becomes a sentence and an exit status.</summary>
    public static async Task<int> RunAsync(
        Terminal terminal, ParseResult said, Func<Session, CancellationToken, Task> action, CancellationToken cancellationToken)
    {
        using var session = new Session(terminal, said);
        try
        {
            await action(session, cancellationToken);
            return (int)ExitCode.Done;
        }
        catch (ApiFault fault)
        {
            return Failed(terminal, fault.Message, fault.ExitCode);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return (int)ExitCode.Cancelled;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return Failed(terminal, $"The server can't be reached: {e.Message}", ExitCode.Unavailable);
        }
        catch (JsonException e)
        {
            return Failed(terminal, $"The answer is not what a Delivery server sends: {e.Message}", ExitCode.Unavailable);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Failed(terminal, e.Message, ExitCode.Usage);
        }
    }

    private static int Failed(Terminal terminal, string message, ExitCode status)
    {
        terminal.Error.WriteLine(message);
        return (int)status;
    }
}

internal static class SessionCommands
{
    /// <summary>Says what a command does.</summary>
    public static Command Does(this Command command, Terminal terminal, Func<Session, CancellationToken, Task> action)
    {
        command.SetAction((said, cancellationToken) => Session.RunAsync(terminal, said, action, cancellationToken));
        return command;
    }
}
