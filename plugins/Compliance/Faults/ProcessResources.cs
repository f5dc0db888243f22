using System.Diagnostics;

namespace Delivery.Plugins.Compliance;

/// <summary>Counts what this process holds, to find what a plugin leaves behind.</summary>
public static class ProcessResources
{
    /// <summary>Threads of the process.</summary>
    public static int Threads()
    {
        using var process = Process.GetCurrentProcess();
        return process.Threads.Count;
    }

    /// <summary>Open sockets of the process; null where it can't be told (not Linux).</summary>
    public static int? Sockets() => Directory.Exists("/proc/self/fd")
        ? Directory.EnumerateFileSystemEntries("/proc/self/fd").Count(IsSocket)
        : null;

    private static bool IsSocket(string descriptor)
    {
        try
        {
            return File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.Name.StartsWith("socket:", StringComparison.Ordinal) == true;
        }
        catch (IOException)
        {
            return false; // Closed meanwhile.
        }
    }
}
