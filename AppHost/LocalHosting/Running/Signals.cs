using System.Runtime.InteropServices;

namespace Delivery.LocalHosting.Running;

/// <summary>Signals, which .NET can receive but not send.</summary>
internal static class Signals
{
    private const int Kill = 9;
    private const int Terminate = 15;

    public static void AskToStop(int processId) => _ = kill(processId, Terminate);

    /// <summary>Ends what is left of the group that a process led.</summary>
    public static void KillGroupOf(int processId) => _ = kill(-processId, Kill);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int kill(int processId, int signal);
}
