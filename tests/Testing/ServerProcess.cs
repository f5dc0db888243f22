using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;

namespace Delivery.Testing;

/// <summary>The server as a process of its own, on Kestrel, so that a test can kill it and see what memory it takes.</summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private const string Listening = "Now listening on: ";
    private readonly Process _process;
    private readonly StringBuilder _output;

    private ServerProcess(Process process, Uri address, StringBuilder output)
    {
        (_process, _output) = (process, output);
        Http = new HttpClient { BaseAddress = address };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", DeliveryServer.AdminKey);
    }

    /// <summary>Signs in as admin.</summary>
    public HttpClient Http { get; }

    /// <summary>What it wrote to its standard output so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <summary>Bytes of physical memory it holds now.</summary>
    public long WorkingSetBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Processor time it took so far, over all cores.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Starts a server on a database and waits until it listens.</summary>
    /// <param name="settings">Configuration to add, such as <c>Segments:QueueBytes</c>.</param>
    public static async Task<ServerProcess> StartAsync(
        string connectionString, CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? settings = null)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Delivery.Server.dll"), "--urls", "http://127.0.0.1:0"])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        start.Environment["ConnectionStrings__delivery"] = connectionString;
        start.Environment["Delivery__Access__BootstrapAdminKey"] = DeliveryServer.AdminKey;
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Testing";
        foreach (var (key, value) in settings ?? new Dictionary<string, string>())
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        var output = new StringBuilder();
        process.OutputDataReceived += (_, line) =>
        {
            lock (output)
                output.AppendLine(line.Data);
            if (line.Data?.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var at)
                address.TrySetResult(new Uri(line.Data[(at + Listening.Length)..].Trim()));
        };
        process.Exited += (_, _) => address.TrySetException(new InvalidOperationException($"The server ended: {output}"));
        process.Start();
        process.BeginOutputReadLine();
        return new ServerProcess(process, await address.Task.WaitAsync(TimeSpan.FromMinutes(10), cancellationToken), output);
    }

    /// <summary><c>kill -9</c>.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: false);
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>Kills it if it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
    }
}
