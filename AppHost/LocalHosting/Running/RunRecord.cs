using System.Diagnostics;
using Delivery.ServiceDefaults;

namespace Delivery.LocalHosting.Running;

/// <summary>
/// The processes of this run, in a file that is gone after a clean stop. What a killed run left is ended by the next one.
/// </summary>
internal sealed class RunRecord(string? folder)
{
    private readonly Lock _gate = new();
    private readonly HashSet<ProcessIdentity> _running = [];
    private readonly string? _file = folder is null ? null : Path.Combine(folder, $"{ProcessIdentity.Current().ToString().Replace(':', '-')}.run");

    /// <summary>In the user's own folder; an account without one keeps no record.</summary>
    public static RunRecord ForThisProcess()
    {
        var folder = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        try
        {
            return new RunRecord(folder.Length == 0 ? null : Directory.CreateDirectory(Path.Combine(folder, "delivery", "runs")).FullName);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new RunRecord(folder: null);
        }
    }

    public void Add(ChildProcess process) => Change(() => process.Identity is { } identity && _running.Add(identity));

    public void Remove(ChildProcess process) => Change(() => process.Identity is { } identity && _running.Remove(identity));

    /// <summary>Ends the processes of runs whose own process is gone.</summary>
    /// <returns>How many there were.</returns>
    public int EndLeftOvers()
    {
        var ended = 0;
        foreach (var file in folder is null ? [] : Directory.GetFiles(folder, "*.run"))
        {
            using var owner = ProcessIdentity.Parse(Path.GetFileNameWithoutExtension(file).Replace('-', ':'))?.Open();
            if (owner is not null)
                continue;
            foreach (var identity in File.ReadAllLines(file).Select(ProcessIdentity.Parse).OfType<ProcessIdentity>())
                ended += End(identity);
            File.Delete(file);
        }

        return ended;
    }

    private static int End(ProcessIdentity identity)
    {
        using Process? process = identity.Open();
        process?.Kill(entireProcessTree: true);
        return process is null ? 0 : 1;
    }

    private void Change(Func<bool> change)
    {
        lock (_gate)
        {
            if (!change() || _file is null)
                return;
            if (_running.Count == 0)
                File.Delete(_file);
            else
                File.WriteAllLines(_file, _running.Select(process => process.ToString()));
        }
    }
}
