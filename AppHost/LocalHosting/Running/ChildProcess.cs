using System.Diagnostics;
using Delivery.ServiceDefaults;

namespace Delivery.LocalHosting.Running;

/// <summary>
/// A running process of a resource. On Unix it leads a session of its own: Ctrl-C in the terminal reaches the runner
/// only, which then stops its resources one after the other.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;

    private ChildProcess(Process process) => _process = process;

    public int ExitCode => _process.ExitCode;

    public ProcessIdentity Identity => ProcessIdentity.Of(_process);

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

    public Task WaitForExitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    /// <summary>Asks it to stop; kills it and what it started when it does not in time.</summary>
    /// <returns>Whether it stopped by itself.</returns>
    public async Task<bool> StopAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        try
        {
            if (OperatingSystem.IsWindows())
                _process.Kill(entireProcessTree: true);
            else if (!_process.HasExited)
                Signals.AskToStop(_process.Id);
            await _process.WaitForExitAsync(limit.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
            return false;
        }
    }

    public void Dispose()
    {
        if (OwnSession.Length > 0)
            Signals.KillGroupOf(_process.Id);
        _process.Dispose();
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
