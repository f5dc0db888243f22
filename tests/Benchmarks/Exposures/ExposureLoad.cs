using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace Delivery.Benchmarks.Exposures;

/// <summary>Senders that each send batch after batch over HTTP and wait for every answer.</summary>
internal sealed class ExposureLoad(HttpClient http, string source)
{
    private int _last = -1;

    /// <summary>The numbers of the batches that were answered with 200.</summary>
    public ConcurrentBag<int> Acknowledged { get; } = [];

    /// <summary>How often each other answer came.</summary>
    public ConcurrentDictionary<string, int> Refusals { get; } = [];

    /// <summary>Sends for so long, and says how many rows were acknowledged a second, and the 99th percentile of an answer.</summary>
    public async Task<(double RowsPerSecond, double P99Milliseconds)> RunAsync(int senders, TimeSpan duration, CancellationToken cancellationToken)
    {
        var before = Acknowledged.Count;
        var latencies = new ConcurrentBag<double>();
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, senders).Select(_ => Task.Run(async () =>
        {
            var body = new ExposureBody();
            while (Stopwatch.GetElapsedTime(started) < duration)
                await SendAsync(body, Interlocked.Increment(ref _last), latencies, cancellationToken);
        }, cancellationToken)));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var sorted = latencies.Order().ToList();
        return ((Acknowledged.Count - before) * (double)ExposureBody.Rows / seconds, sorted.Count == 0 ? double.NaN : sorted[(int)(sorted.Count * 0.99)]);
    }

    private async Task SendAsync(ExposureBody body, int batch, ConcurrentBag<double> latencies, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/sdk/v1/exposures") { Content = new ReadOnlyMemoryContent(body.Of(batch)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("X-Source", source);
        request.Headers.Add("X-Batch", batch.ToString(CultureInfo.InvariantCulture));
        var at = Stopwatch.GetTimestamp();
        using var response = await http.SendAsync(request, cancellationToken);
        latencies.Add(Stopwatch.GetElapsedTime(at).TotalMilliseconds);
        if (response.StatusCode == HttpStatusCode.OK)
            Acknowledged.Add(batch);
        else
            Refusals.AddOrUpdate($"{(int)response.StatusCode}{(response.Headers.RetryAfter is null ? "" : " Retry-After")}", 1, (_, count) => count + 1);
    }
}
