using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Delivery.Plugins.HAProxy;

/// <summary>HAProxy's runtime API: one line of commands a connection, answered and closed.</summary>
internal sealed class RuntimeApi(RuntimeAddress address, TimeSpan longest, TimeProvider time)
{
    /// <summary>HAProxy reads a line into one buffer of 16 KiB.</summary>
    public const int LongestLine = 12 * 1024;

    private const int LongestAnswer = 4 * 1024 * 1024;

    public string Address => address.Shown;

    /// <summary>Sends commands and gives the answer of each.</summary>
    /// <param name="commands">What is asked.</param>
    /// <param name="kind">What it does outside.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<PluginResult<RuntimeAnswers>> AskAsync(IReadOnlyList<string> commands, Asking kind, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(longest, time);
        using var until = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        var (sent, writes) = (false, false);
        try
        {
            await using var stream = await address.ConnectAsync(until.Token);
            cancellationToken.ThrowIfCancellationRequested();
            (sent, writes) = (true, kind == Asking.Writes);
            var patience = kind == Asking.Reads ? until.Token : late.Token;
            await stream.WriteAsync(Encoding.ASCII.GetBytes(string.Join(';', RuntimeAnswers.Asked(commands)) + "\n"), patience);
            await stream.FlushAsync(patience);
            return RuntimeAnswers.Of(await ReadToEndAsync(stream, patience), commands, writes);
        }
        catch (OperationCanceledException) when ((!sent || kind == Asking.Reads) && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return writes ? Unknown("did not answer in time") : Failed(PluginErrorKind.Timeout, "did not answer in time");
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException)
        {
            return writes ? Unknown(e.Message) : Failed(Kind(e), e.Message);
        }
    }

    private static async Task<string> ReadToEndAsync(Stream stream, CancellationToken cancellationToken)
    {
        var (all, part) = (new MemoryStream(), new byte[16 * 1024]);
        while (all.Length < LongestAnswer)
        {
            var read = await stream.ReadAsync(part, cancellationToken);
            if (read == 0)
                break;
            all.Write(part, 0, read);
        }

        return Encoding.ASCII.GetString(all.GetBuffer(), 0, (int)all.Length);
    }

    /// <summary>TLS 1.3 tells of a certificate that it refuses with the first read, and not as a socket's error.</summary>
    private PluginErrorKind Kind(Exception e) => e switch
    {
        AuthenticationException => PluginErrorKind.Unauthorized,
        SocketException { SocketErrorCode: SocketError.AccessDenied } => PluginErrorKind.Unauthorized,
        IOException { InnerException: not SocketException and not null } when address.Encrypted => PluginErrorKind.Unauthorized,
        _ => PluginErrorKind.Unavailable,
    };

    private PluginError Failed(PluginErrorKind kind, string why) => new(kind, $"HAProxy at {Address}: {why}");

    private PluginError Unknown(string why) => Failed(PluginErrorKind.OutcomeUnknown, $"{why}; the change may have taken effect");
}

/// <summary>What an exchange does outside.</summary>
internal enum Asking
{
    /// <summary>Nothing: the caller's token ends it.</summary>
    Reads,

    /// <summary>It begins what others see without effect: once it is sent, its answer is waited for, so that it is known.</summary>
    Begins,

    /// <summary>It changes something: once it is sent, its answer is waited for, and silence is <see cref="PluginErrorKind.OutcomeUnknown"/>.</summary>
    Writes,
}
