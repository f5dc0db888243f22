using System.Collections.Concurrent;
using System.Diagnostics;

namespace Delivery.EmbeddedPostgres;

/// <summary>
/// A running server. On Unix a shell stands between: it gives the server a session of its own, so that Ctrl-C does not
/// reach it, and ends it (SIGINT: fast shutdown) when its standard input closes, which also happens when this process
/// is killed. On Windows the server runs as a plain child, which PostgreSQL refuses in an administrator's terminal.
/// </summary>
internal sealed class ServerProcess : IDisposable
{
    private const string Supervisor =
        """
        exec 3<&0
        "$@" </dev/null 3<&- &
        server=$!
        trap '' INT
        trap 'kill -INT $server' TERM HUP
        ( read -r _ <&3; kill -INT $server ) >/dev/null 2>&1 &
        watcher=$!
        exec 3<&-
        wait $server; code=$?
        while kill -0 $server 2>/dev/null; do wait $server; code=$?; done
        kill $watcher 2>/dev/null
        exit $code
        """;

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lastLines = new();
    private readonly Action<string>? _output;

    private ServerProcess(Process process, Action<string>? output)
    {
        _process = process;
        _output = output;
        process.OutputDataReceived += (_, line) => Receive(line.Data);
        process.ErrorDataReceived += (_, line) => Receive(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public bool HasExited => _process.HasExited;

    public string LastLines => string.Join('\n', _lastLines);

    public static ServerProcess Start(IReadOnlyList<string> server, ServiceAccount? account, Action<string>? output)
    {
        IReadOnlyList<string> command = OperatingSystem.IsWindows()
            ? server
            : [.. OwnSession(), "/bin/sh", "-c", Supervisor, "delivery-postgres", .. server];
        return new ServerProcess(Process.Start(ProgramRun.Describe(account?.Run(command) ?? command))!, output);
    }

    public Task WaitForExitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    /// <summary>Fast shutdown: sessions are ended, everything committed is written.</summary>
    public async Task StopAsync(ServerInstallation server, string dataDirectory, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        try
        {
            _process.StandardInput.Close();
            if (OperatingSystem.IsWindows())
                await ProgramRun.RunAsync([server.PgCtl, "stop", "-m", "fast", "-D", dataDirectory], standardInput: null, limit.Token);
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            await LeftOverServer.StopAsync(dataDirectory, patience, CancellationToken.None);
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }
    }

    public void Dispose() => _process.Dispose();

    private static IReadOnlyList<string> OwnSession() =>
        ServiceAccount.OnPath("setsid") ? ["setsid"]
        : ServiceAccount.OnPath("perl") ? ["perl", "-e", "use POSIX; POSIX::setsid(); exec @ARGV or die $!"]
        : [];

    private void Receive(string? line)
    {
        if (line is null)
            return;
        _lastLines.Enqueue(line);
        while (_lastLines.Count > 30)
            _lastLines.TryDequeue(out _);
        _output?.Invoke(line);
    }
}
