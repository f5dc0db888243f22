using System.Buffers;
using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Delivery.Benchmarks.Targeting;

/// <summary>
/// The peer: a Kestrel with one endpoint that checks nothing, reads nothing and writes the same bytes under the same headers,
/// without logs or telemetry. A process of its own, with the garbage collector that a web server has.
/// </summary>
internal sealed class EmptyServer : IAsyncDisposable
{
    public const string Name = "ofrep-empty";
    public const string Path = "/ofrep/v1/evaluate/flags/throughput";
    private readonly Process _process;

    private EmptyServer(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Starts the process and waits until it listens.</summary>
    public static async Task<EmptyServer> StartAsync(byte[] answer, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(EmptyServer).Assembly.Location, Name, Convert.ToBase64String(answer)]) { RedirectStandardOutput = true };
        start.Environment["DOTNET_gcServer"] = "1";
        var process = Process.Start(start) ?? throw new InvalidOperationException("The peer did not start.");
        var address = await process.StandardOutput.ReadLineAsync(cancellationToken) ?? throw new InvalidOperationException("The peer ended.");
        return new EmptyServer(process, new Uri(address));
    }

    /// <summary>What the process does, until it is killed.</summary>
    public static async Task<int> RunAsync(string answer, CancellationToken cancellationToken)
    {
        var bytes = Convert.FromBase64String(answer);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        await using var app = builder.Build();
        app.MapPost(Path, (RequestDelegate)Answer);
        await app.StartAsync(cancellationToken);
        System.Console.WriteLine(app.Urls.Single());
        await ((IHost)app).WaitForShutdownAsync(cancellationToken);
        return 0;

        Task Answer(HttpContext http)
        {
            http.Response.ContentType = "application/json";
            http.Response.ContentLength = bytes.Length;
            http.Response.BodyWriter.Write(bytes);
            return Task.CompletedTask;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }
}
