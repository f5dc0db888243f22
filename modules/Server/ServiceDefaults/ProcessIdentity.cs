using System.Diagnostics;
using System.Globalization;

namespace Delivery.ServiceDefaults;

/// <summary>A process that can be told from a later one with the same number.</summary>
/// <param name="Id">The process number.</param>
/// <param name="StartMark">When it started, in a unit of the operating system's own; comparable on one machine only.</param>
internal sealed record ProcessIdentity(int Id, long StartMark)
{
    /// <summary>Set by whoever starts a service that shall not outlive it.</summary>
    public const string ParentVariable = "DELIVERY_PARENT_PROCESS";

    public static ProcessIdentity Current()
    {
        using var process = Process.GetCurrentProcess();
        return Of(process);
    }

    public static ProcessIdentity Of(Process process) => new(process.Id, MarkOf(process));

    public static ProcessIdentity? Parse(string? text) =>
        text?.Split(':') is [var id, var mark]
        && int.TryParse(id, CultureInfo.InvariantCulture, out var number)
        && long.TryParse(mark, CultureInfo.InvariantCulture, out var start)
            ? new ProcessIdentity(number, start)
            : null;

    /// <summary>The process while it runs; null once it has ended.</summary>
    public Process? Open()
    {
        Process? process = null;
        try
        {
            process = Process.GetProcessById(Id);
            if (MarkOf(process) == StartMark)
                return process;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            // It ended, now or long ago.
        }

        process?.Dispose();
        return null;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Id}:{StartMark}");

    /// <summary>Linux tells the start in ticks since boot, which no change of the clock moves; .NET would derive a time of day.</summary>
    private static long MarkOf(Process process)
    {
        if (!OperatingSystem.IsLinux())
            return new DateTimeOffset(process.StartTime).ToUnixTimeSeconds();
        var status = File.ReadAllText($"/proc/{process.Id}/stat");
        var fieldsAfterName = status[(status.LastIndexOf(')') + 2)..].Split(' ');
        return long.Parse(fieldsAfterName[19], CultureInfo.InvariantCulture);
    }
}
