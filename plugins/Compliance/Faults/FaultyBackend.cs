using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Delivery.Plugins.Compliance;

/// <summary>A listener with a fault, on TCP or a Unix socket: silent, talking nonsense, or closing in the middle of an answer.</summary>
public sealed class FaultyBackend : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly CancellationTokenSource _end = new();
    private readonly byte[]? _answer;
    private readonly bool _thenClose;
    private readonly Task _accepting;
    private readonly string? _path;

    private FaultyBackend(EndPoint at, byte[]? answer, bool thenClose)
    {
        (_answer, _thenClose, _path) = (answer, thenClose, at is UnixDomainSocketEndPoint unix ? unix.ToString() : null);
        _listener = new Socket(at.AddressFamily, SocketType.Stream, _path is null ? ProtocolType.Tcp : ProtocolType.Unspecified);
        _listener.Bind(at);
        _listener.Listen(128);
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens, when it listens on TCP.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>Takes everything and answers nothing.</summary>
    public static FaultyBackend Silent(EndPoint? at = null) => new(at ?? Loopback, null, thenClose: false);

    /// <summary>Answers bytes that are no protocol.</summary>
    public static FaultyBackend Nonsense(EndPoint? at = null) => new(at ?? Loopback, "\u0001\u0002 lorem ipsum {]\n\n"u8.ToArray(), thenClose: true);

    /// <summary>Answers HTTP 200 with a body that is not what was asked for.</summary>
    public static FaultyBackend NonsenseOverHttp(string body = "<html>lorem ipsum {]") => new(
        Loopback,
        Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {Encoding.ASCII.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}"),
        thenClose: true);

    /// <summary>Begins an answer and closes.</summary>
    public static FaultyBackend CutInTheMiddle(string beginning = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"a", EndPoint? at = null) =>
        new(at ?? Loopback, Encoding.ASCII.GetBytes(beginning), thenClose: true);

    /// <summary>A TCP port where nobody listens: 1, which no listener is given that asked for any.</summary>
    public static int ClosedPort => 1;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _end.Dispose();
        if (_path is not null)
            File.Delete(_path);
    }

    private static IPEndPoint Loopback { get; } = new(IPAddress.Loopback, 0);

    private async Task AcceptAsync()
    {
        var open = new List<Task>();
        while (!_end.IsCancellationRequested)
        {
            try
            {
                open.Add(AnswerAsync(await _listener.AcceptAsync(_end.Token)));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                break;
            }

            open.RemoveAll(t => t.IsCompleted);
        }

        await Task.WhenAll(open);
    }

    private async Task AnswerAsync(Socket client)
    {
        using (client)
        {
            try
            {
                var buffer = new byte[16 * 1024];
                var closed = false;
                while (await client.ReceiveAsync(buffer, _end.Token) > 0)
                {
                    if (_answer is not null && !closed)
                        await client.SendAsync(_answer, _end.Token);
                    if (_thenClose && !closed)
                    {
                        // What the client still sends is taken: closing over it would reset the connection, and the answer with it.
                        client.Shutdown(SocketShutdown.Send);
                        closed = true;
                    }
                }
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                return;
            }
        }
    }
}
