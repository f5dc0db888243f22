using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Delivery.Plugins.Tests.Prometheus;

/// <summary>A tiny service's <c>/metrics</c>: requests by deployment and code, and their durations as a classic and as a native histogram.</summary>
internal sealed class Exporter : IAsyncDisposable
{
    private static readonly double[] Edges = [0.05, 0.25, 0.5, 1];

    private readonly WebApplication _app;
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, Counted> _deployments = new(StringComparer.Ordinal);
    private TaskCompletionSource _metricsServed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _nativeServed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _version;

    private Exporter(WebApplication app) => _app = app;

    /// <summary>Where it listens.</summary>
    public string Address => new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Authority;

    public static async Task<Exporter> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var exporter = new Exporter(app);
        app.MapGet("/metrics", () => Results.Text(exporter.Served(ref exporter._metricsServed, exporter.Text()), "text/plain; version=0.0.4"));
        app.MapGet("/native", () => Results.Bytes(exporter.Served(ref exporter._nativeServed, exporter.Native()), NativeHistogram.ContentType));
        await app.StartAsync(cancellationToken);
        return exporter;
    }

    /// <summary>
    /// Waits until each page was read once more. A scrape is stored under the time it began: one that began before this call, and is read
    /// late, would store under that time what is recorded after it. The next one begins after it.
    /// </summary>
    public async Task ScrapedAsync(CancellationToken cancellationToken)
    {
        Task served;
        lock (_lock)
            served = Task.WhenAll(_metricsServed.Task, _nativeServed.Task);
        await served.WaitAsync(cancellationToken);
    }

    /// <summary>Counts requests of a deployment.</summary>
    /// <returns>The exporter's version that shows them.</returns>
    public int Record(string deployment, IEnumerable<(double Seconds, bool Failed)> requests)
    {
        lock (_lock)
        {
            if (!_deployments.TryGetValue(deployment, out var counted))
                _deployments[deployment] = counted = new Counted();
            foreach (var (seconds, failed) in requests)
                counted.Add(seconds, failed);
            return ++_version;
        }
    }

    /// <summary>A deployment's process restarts: its counters begin at zero again.</summary>
    public int Restart(string deployment)
    {
        lock (_lock)
        {
            _deployments[deployment] = new Counted();
            return ++_version;
        }
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private T Served<T>(ref TaskCompletionSource served, T page)
    {
        lock (_lock)
        {
            served.SetResult();
            served = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return page;
    }

    private string Text()
    {
        var text = new StringBuilder();
        lock (_lock)
        {
            void Line(string name, string labels, double value) => text.Append(CultureInfo.InvariantCulture, $"{name}{{{labels}}} {value}\n");
            text.Append("# TYPE http_requests_total counter\n");
            foreach (var (deployment, c) in _deployments)
            {
                Line("http_requests_total", $"deployment=\"{deployment}\",code=\"200\"", c.Seconds.Count - c.Failed);
                if (c.Failed > 0)
                    Line("http_requests_total", $"deployment=\"{deployment}\",code=\"500\"", c.Failed);
            }

            text.Append("# TYPE http_request_duration_seconds histogram\n");
            foreach (var (deployment, c) in _deployments)
            {
                foreach (var edge in Edges)
                    Line("http_request_duration_seconds_bucket", string.Create(CultureInfo.InvariantCulture, $"deployment=\"{deployment}\",le=\"{edge}\""), c.Seconds.Count(s => s <= edge));
                Line("http_request_duration_seconds_bucket", $"deployment=\"{deployment}\",le=\"+Inf\"", c.Seconds.Count);
                Line("http_request_duration_seconds_sum", $"deployment=\"{deployment}\"", c.Seconds.Sum());
                Line("http_request_duration_seconds_count", $"deployment=\"{deployment}\"", c.Seconds.Count);
            }

            text.Append(CultureInfo.InvariantCulture, $"# TYPE exporter_version gauge\nexporter_version {_version}\n");
        }

        return text.ToString();
    }

    private byte[] Native()
    {
        lock (_lock)
            return NativeHistogram.Family("http_request_native_seconds", _deployments.Select(d => (d.Key, (IReadOnlyList<double>)d.Value.Seconds)));
    }

    private sealed class Counted
    {
        public List<double> Seconds { get; } = [];

        public int Failed { get; private set; }

        public void Add(double seconds, bool failed)
        {
            Seconds.Add(seconds);
            Failed += failed ? 1 : 0;
        }
    }
}
