using System.Diagnostics;
using Delivery.ServiceDefaults;

namespace Delivery.LocalHosting.Running;

/// <summary>
/// A running process of a resource. On Unix it leads a session of its own: Ctrl-C in the terminal reaches the runner
/// only, which then stops its resources one after the other.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    private static readonly TimeSpan PatienceForOutput = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly int _id;
    private readonly TaskCompletionSource _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _ended;

    private ChildProcess(Process process)
    {
        _process = process;
        _id = process.Id;
        Identity = ProcessIdentity.Of(process);
        process.Exited += (_, _) => _exited.TrySetResult();
        process.EnableRaisingEvents = true;
        _ended = EndAsync();
    }

    public int ExitCode => _process.ExitCode;

    /// <summary>Null when it ended at once.</summary>
    public ProcessIdentity? Identity { get; }

    public static ChildProcess Start(ResourceCommand command, Action<string> output)
    {
        string[] all = [.. OwnSession, command.Program, .. command.Arguments];
        var start = new ProcessStartInfo(all[0], all.Skip(1))
        {
            WorkingDirectory = command.WorkingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var (name, value) in command.Environment)
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        process.OutputDataReceived += (_, line) => Pass(line.Data);
        process.ErrorDataReceived += (_, line) => Pass(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new ChildProcess(process);

        void Pass(string? line)
        {
            if (line is not null)
                output(line);
        }
    }

    /// <summary>Completes when the process has ended and its output has been passed on.</summary>
    public Task WaitForExitAsync(CancellationToken cancellationToken) => _ended.WaitAsync(cancellationToken);

    /// <summary>Asks it to stop; kills it and what it started when it does not in time. Whoever waits for its end may dispose of it meanwhile.</summary>
    /// <returns>Whether it stopped by itself.</returns>
    public async Task<bool> StopAsync(TimeSpan patience)
    {
        if (OperatingSystem.IsWindows())
            Kill();
        else if (!_exited.Task.IsCompleted)
            Signals.AskToStop(_id);
        if (await Task.WhenAny(_ended, Task.Delay(patience)) == _ended)
            return true;
        Kill();
        await _ended;
        return false;
    }

    public void Dispose() => _process.Dispose();

    private async Task EndAsync()
    {
        await _exited.Task;
        // What it had started would keep its output open and its port taken.
        if (OwnSession.Length > 0)
            Signals.KillGroupOf(_id);
        using var limit = new CancellationTokenSource(PatienceForOutput);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // Someone who left the session holds the output: the process itself has ended all the same.
        }
    }

    private void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException) when (_exited.Task.IsCompleted)
        {
            // It ended by itself just now, and whoever waited for that has disposed of it.
        }
    }

    private static readonly string[] OwnSession =
        OnPath("setsid") ? ["setsid"]
        : OnPath("perl") ? ["perl", "-e", "use POSIX; POSIX::setsid(); exec @ARGV or die $!"]
        : [];

    private static bool OnPath(string program) =>
        !OperatingSystem.IsWindows()
        && (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Any(folder => File.Exists(Path.Combine(folder, program)));
}
