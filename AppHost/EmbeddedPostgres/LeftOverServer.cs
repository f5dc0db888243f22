using System.Diagnostics;
using System.Globalization;

namespace Delivery.EmbeddedPostgres;

/// <summary>A server that outlived the process that started it.</summary>
internal static class LeftOverServer
{
    /// <summary>Stops the server of a data directory, if one runs. The caller holds the directory's lock.</summary>
    public static async Task StopAsync(string dataDirectory, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (Find(dataDirectory) is not { } server)
            return;
        using (server)
        {
            await EndAsync(server, patience, cancellationToken);
        }

        // After a fast shutdown the server has removed it; after a forced end it would only confuse the next start.
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
        if (!process.ProcessName.StartsWith("postgres", StringComparison.Ordinal))
            return false;
        var workingDirectory = $"/proc/{process.Id}/cwd";
        try
        {
            return !OperatingSystem.IsLinux()
                || Directory.ResolveLinkTarget(workingDirectory, returnFinalTarget: false)?.FullName is not { } actual
                || SamePlace(actual, dataDirectory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The paths may differ by symbolic links; the file the server wrote at its start may not.</summary>
    private static bool SamePlace(string actual, string dataDirectory) =>
        File.ReadAllText(Path.Combine(actual, "postmaster.pid")) == File.ReadAllText(Path.Combine(dataDirectory, "postmaster.pid"));

    internal static async Task EndAsync(Process server, TimeSpan patience, CancellationToken cancellationToken)
    {
        foreach (var signal in new[] { Posix.Interrupt, Posix.Quit })
        {
            if (OperatingSystem.IsWindows() || !Posix.Send(server.Id, signal))
                break;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(patience);
            try
            {
                await server.WaitForExitAsync(limit.Token);
                return;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Too slow: the next signal is stronger.
            }
        }

        if (!server.HasExited)
            server.Kill(entireProcessTree: true);
        await server.WaitForExitAsync(cancellationToken);
    }
}
