using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Delivery.Plugins.Tests.HAProxy;

/// <summary>A real HAProxy with the plugin's <c>example.cfg</c>, in a folder of its own: its sockets and its map are files there.</summary>
internal sealed class HAProxyProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _program;
    private readonly string[] _files;
    private readonly Uri _stable;
    private readonly Uri _canary;
    private readonly StringBuilder _said = new();
    private Process? _process;

    private HAProxyProcess(string program, string example, Uri stable, Uri canary, Func<string, string>? more)
    {
        (_program, _stable, _canary) = (program, stable, canary);
        Folder = Directory.CreateTempSubdirectory("dlv-ha-").FullName;
        File.WriteAllText(Map, "");
        _files = [example];
        if (more is null)
            return;
        File.WriteAllText(Path.Combine(Folder, "more.cfg"), more(Folder));
        _files = [example, Path.Combine(Folder, "more.cfg")];
    }

    /// <summary>Its files; deleted at the end.</summary>
    public string Folder { get; }

    public string Socket => Path.Combine(Folder, "admin.sock");

    public string Map => Path.Combine(Folder, "shop.map");

    private string Listens => Path.Combine(Folder, "shop.sock");

    /// <summary>Where Debian's package puts it, or in the PATH; null where it is not installed.</summary>
    public static string? Find() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin").Append("/usr/local/sbin")
            .Select(folder => Path.Combine(folder, "haproxy")).FirstOrDefault(File.Exists);

    /// <summary>Starts one.</summary>
    /// <param name="program">From <see cref="Find"/>.</param>
    /// <param name="example">The plugin's <c>example.cfg</c>.</param>
    /// <param name="stable">The stable arm's deployment.</param>
    /// <param name="canary">The other one's.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="more">More configuration, given the folder.</param>
    public static async Task<HAProxyProcess> StartAsync(
        string program, string example, Uri stable, Uri canary, CancellationToken cancellationToken, Func<string, string>? more = null)
    {
        var haproxy = new HAProxyProcess(program, example, stable, canary, more);
        try
        {
            await haproxy.StartAsync(cancellationToken);
            return haproxy;
        }
        catch
        {
            await haproxy.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client of the frontend; cookies are the caller's.</summary>
    public HttpClient Client() => new(new SocketsHttpHandler { UseCookies = false, ConnectCallback = async (_, token) => await ConnectAsync(Listens, token) })
    {
        BaseAddress = new Uri("http://shop.test"),
    };

    /// <summary>Says something to the stats socket, as an operator does.</summary>
    public async Task<string> SayAsync(string commands, CancellationToken cancellationToken)
    {
        await using var stream = await ConnectAsync(Socket, cancellationToken);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(commands + "\n"), cancellationToken);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(cancellationToken);
    }

    /// <summary>Starts it, or starts it again: the map is what its file says.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(_program, ["-db", .. _files.SelectMany(f => new[] { "-f", f })])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = Folder,
        };
        start.Environment["DELIVERY_SOCKET"] = Socket;
        start.Environment["DELIVERY_MAPS"] = Folder;
        start.Environment["SHOP_LISTEN"] = $"unix@{Listens}";
        start.Environment["SHOP_STABLE"] = _stable.Authority;
        start.Environment["SHOP_CANARY"] = _canary.Authority;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) => Hear(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        var started = Stopwatch.GetTimestamp();
        while (!await AnswersAsync(cancellationToken))
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(started) > Patience)
                throw new InvalidOperationException($"HAProxy did not start: {_said}");
            await Task.Delay(20, cancellationToken);
        }
    }

    /// <summary>Ends it at once.</summary>
    public async Task StopAsync()
    {
        if (_process is not { } process)
            return;
        _process = null;
        process.Kill();
        await process.WaitForExitAsync(CancellationToken.None);
        process.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private static async Task<Stream> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await SayAsync("show version", cancellationToken)).Length > 0;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }

    private void Hear(string? line)
    {
        lock (_said)
            _said.AppendLine(line);
    }
}
