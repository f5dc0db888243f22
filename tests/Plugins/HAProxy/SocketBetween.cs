using System.Net.Sockets;
using System.Text;

namespace Delivery.Plugins.Tests.HAProxy;

/// <summary>What happens to a line on its way to HAProxy and back.</summary>
internal enum Way
{
    /// <summary>It arrives, and so does its answer.</summary>
    Open,

    /// <summary>It does not arrive; the connection is closed.</summary>
    CutBefore,

    /// <summary>It arrives; its answer does not.</summary>
    CutAfter,

    /// <summary>It arrives; its answer comes when nobody waits any more.</summary>
    Late,
}

/// <summary>A socket in front of HAProxy's that treats each line as the test says.</summary>
internal sealed class SocketBetween : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _end = new();
    private readonly HAProxyProcess _haproxy;
    private readonly Func<string, Way> _way;
    private readonly Task _accepting;

    public SocketBetween(HAProxyProcess haproxy, Func<string, Way> way)
    {
        (_haproxy, _way) = (haproxy, way);
        _listener.Bind(new UnixDomainSocketEndPoint(Path));
        _listener.Listen(16);
        _accepting = AcceptAsync();
    }

    public string Path => System.IO.Path.Combine(_haproxy.Folder, "between.sock");

    /// <summary>Released with each line whose answer is kept back.</summary>
    public SemaphoreSlim KeptBack { get; } = new(0);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _end.Dispose();
        KeptBack.Dispose();
    }

    private async Task AcceptAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
                open.Add(PassAsync(await _listener.AcceptAsync(_end.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task PassAsync(Socket client)
    {
        await using var stream = new NetworkStream(client, ownsSocket: true);
        try
        {
            using var reader = new StreamReader(stream, leaveOpen: true);
            var line = await reader.ReadLineAsync(_end.Token) ?? "";
            var way = _way(line);
            if (way == Way.CutBefore)
                return;
            var answer = await _haproxy.SayAsync(line, _end.Token);
            if (way == Way.CutAfter)
                return;
            if (way == Way.Late)
            {
                KeptBack.Release();
                await Task.Delay(Timeout.Infinite, _end.Token);
            }

            await stream.WriteAsync(Encoding.ASCII.GetBytes(answer), _end.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            return;
        }
    }
}
