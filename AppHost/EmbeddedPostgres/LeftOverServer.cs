using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Delivery.EmbeddedPostgres;

/// <summary>A server that outlived the process that started it.</summary>
internal static class LeftOverServer
{
    /// <summary>Stops the server of a data directory, if one runs. The caller holds the directory's lock.</summary>
    public static async Task StopAsync(string dataDirectory, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var server = Find(dataDirectory);
        if (server is null)
            return;
        if (!await EndsAsync(server, Posix.Interrupt, dataDirectory, patience, cancellationToken)
            && !await EndsAsync(server, Posix.Quit, dataDirectory, patience, cancellationToken))
            server.Kill(entireProcessTree: true);
        // After a shutdown the server has removed it; after a forced end it would only confuse the next start.
        File.Delete(Path.Combine(dataDirectory, "postmaster.pid"));
    }

    /// <summary>The process that <c>postmaster.pid</c> names, when that number is still this directory's server.</summary>
    public static Process? Find(string dataDirectory)
    {
        var pidFile = Path.Combine(dataDirectory, "postmaster.pid");
        if (!File.Exists(pidFile)
            || !int.TryParse(File.ReadLines(pidFile).FirstOrDefault(), CultureInfo.InvariantCulture, out var processId))
            return null;
        Process process;
        try
        {
            process = Process.GetProcessById(processId);
        }
        catch (ArgumentException)
        {
            return null;
        }

        if (IsServerOf(process, dataDirectory))
            return process;
        process.Dispose();
        return null;
    }

    /// <summary>Process numbers are used again: the name must be right and, where the system tells, the working directory.</summary>
    private static bool IsServerOf(Process process, string dataDirectory)
    {
        var workingDirectory = $"/proc/{process.Id}/cwd";
        try
        {
            if (HasEnded(process) || !process.ProcessName.StartsWith("postgres", StringComparison.Ordinal))
                return false;
            return !OperatingSystem.IsLinux()
                || Directory.ResolveLinkTarget(workingDirectory, returnFinalTarget: false)?.FullName is not { } actual
                || SamePlace(actual, dataDirectory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException or Win32Exception)
        {
            return false;
        }
    }

    /// <summary>The paths may differ by symbolic links; the file the server wrote at its start may not.</summary>
    private static bool SamePlace(string actual, string dataDirectory) =>
        File.ReadAllText(Path.Combine(actual, "postmaster.pid")) == File.ReadAllText(Path.Combine(dataDirectory, "postmaster.pid"));

    private static async Task<bool> EndsAsync(
        Process server, int signal, string dataDirectory, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows() || !Posix.Send(server.Id, signal))
            return false;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        try
        {
            while (Find(dataDirectory) is { } still)
            {
                still.Dispose();
                await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
            }

            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>In a container without an init process nobody reaps an orphan: it stays listed, though it has ended.</summary>
    private static bool HasEnded(Process process) =>
        process.HasExited || (OperatingSystem.IsLinux() && File.ReadAllText($"/proc/{process.Id}/stat").Contains(") Z ", StringComparison.Ordinal));
}
