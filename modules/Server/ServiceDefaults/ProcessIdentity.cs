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
        return new(process.Id, MarkOf(process));
    }

    /// <summary>Null when it has already ended.</summary>
    public static ProcessIdentity? Of(Process process)
    {
        try
        {
            return new(process.Id, MarkOf(process));
        }
        catch (Exception exception) when (IsEnded(exception))
        {
            return null;
        }
    }

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
        catch (Exception exception) when (IsEnded(exception))
        {
            // It ended, now or long ago.
        }

        process?.Dispose();
        return null;
    }

    /// <summary>Completes when the process has ended. It need not be a child of this one.</summary>
    public async Task WaitForEndAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        while (Open() is { } process)
        {
            process.Dispose();
            await Task.Delay(TimeSpan.FromMilliseconds(500), time, cancellationToken);
        }
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Id}:{StartMark}");

    private static bool IsEnded(Exception exception) =>
        exception is ArgumentException or InvalidOperationException or IOException or UnauthorizedAccessException;

    /// <summary>
    /// Linux tells the start in ticks since boot, which no change of the clock moves; .NET would derive a time of day.
    /// It also tells who has ended but is still listed, as orphans are in a container without an init process.
    /// </summary>
    private static long MarkOf(Process process)
    {
        const int state = 0;
        const int startTime = 19;
        if (!OperatingSystem.IsLinux())
            return new DateTimeOffset(process.StartTime).ToUnixTimeSeconds();
        var status = File.ReadAllText($"/proc/{process.Id}/stat");
        var fieldsAfterName = status[(status.LastIndexOf(')') + 2)..].Split(' ');
        return fieldsAfterName[state] is "Z" or "X"
            ? throw new InvalidOperationException($"Process {process.Id} has ended.")
            : long.Parse(fieldsAfterName[startTime], CultureInfo.InvariantCulture);
    }
}
