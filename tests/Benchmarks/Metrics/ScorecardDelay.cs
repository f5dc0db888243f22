using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Delivery.Benchmarks.Exposures;

namespace Delivery.Benchmarks.Metrics;

/// <summary>
/// How long it takes from sending a metric event until a scorecard shows it, while 50,000 other events a second come in over HTTP in
/// batches of 500, each acknowledged when it is committed; and what memory the server takes meanwhile. Server, PostgreSQL (fsync on)
/// and load generator share the cores. <c>scorecard-delay [--seconds 40] [--rate 50000]</c>; it fails when a mark takes longer than 2 s, or when less
/// than nine tenths of the rate came through.
/// </summary>
internal static class ScorecardDelay
{
    public const string Name = "scorecard-delay";
    private const double MostSeconds = 2;
    private const int Senders = 16;
    private const string Card = "/api/v1/metrics/scorecard?environment=production&flag=checkout&baseline=off&metric=marks";

    public static async Task<int> RunAsync(string[] options, CancellationToken cancellationToken)
    {
        var (seconds, rate) = (LedgerBench.Option(options, "seconds", 40), LedgerBench.Option(options, "rate", 50_000));
        await using var bench = await LedgerBench.StartAsync(null, cancellationToken);
        var http = bench.Server.Http;
        await PrepareAsync(http, cancellationToken);
        await SentAsync(http, 1_000_000, 5, rate / 2, cancellationToken);
        await MarkAsync(http, 0, cancellationToken);
        var before = bench.Server.WorkingSetBytes;
        var sending = SentAsync(http, 0, seconds, rate, cancellationToken);
        var delays = new List<double>();
        for (var mark = 1; !sending.IsCompleted; mark++)
            delays.Add(await MarkAsync(http, mark, cancellationToken));
        var (events, took, p99) = await sending;
        var after = bench.Server.WorkingSetBytes;
        delays.Sort();
        System.Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{events:N0} events in {took:F0} s: {events / took:N0}/s, acknowledged within {p99:F0} ms (p99); {delays.Count} marks: median {delays[delays.Count / 2]:F2} s, longest {delays[^1]:F2} s (at most {MostSeconds} s); "
            + $"memory of the server {before / 1e6:N0} MB before, {after / 1e6:N0} MB after: {(after - before) / events:F0} B an event"));
        return delays[^1] <= MostSeconds && events / took >= 0.9 * rate ? 0 : 1;
    }

    private static async Task PrepareAsync(HttpClient http, CancellationToken cancellationToken)
    {
        using var metric = new StringContent("""{"name":"Marks","description":"Marks per unit.","kind":"count","measure":{"event":"mark"}}""", Encoding.UTF8, "application/json");
        (await http.PutAsync(new Uri("/api/v1/metrics/marks", UriKind.Relative), metric, cancellationToken)).EnsureSuccessStatusCode();
        using var takings = new StringContent("""{"name":"Takings","description":"Money per unit.","kind":"mean","measure":{"event":"purchase","of":"value"}}""", Encoding.UTF8, "application/json");
        (await http.PutAsync(new Uri("/api/v1/metrics/takings", UriKind.Relative), takings, cancellationToken)).EnsureSuccessStatusCode();
        var time = TimeProvider.System.GetUtcNow().AddMinutes(-10);
        for (var first = 0; first < EventBody.Units; first += 5_000)
        {
            await PostAsync(http, "/sdk/v1/exposures", Encoding.UTF8.GetBytes(new JsonArray([.. Enumerable.Range(first, 5_000).Select(i => new JsonObject
            {
                ["id"] = new Guid(i, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), ["flag"] = "checkout", ["variant"] = i % 2 == 0 ? "on" : "off", ["unit"] = EventBody.UnitOf(i),
                ["reason"] = "SPLIT", ["flagVersion"] = 3, ["sequence"] = 3, ["time"] = time,
            })]).ToJsonString()), cancellationToken);
        }

        await http.GetStringAsync(new Uri($"{Card}&metric=takings", UriKind.Relative), cancellationToken);
    }

    /// <summary>One event of its own; how long until the scorecard shows another value for its metric.</summary>
    private static async Task<double> MarkAsync(HttpClient http, int number, CancellationToken cancellationToken)
    {
        var known = await ShownAsync(http, cancellationToken);
        var mark = new JsonArray(new JsonObject
        {
            ["id"] = new Guid(number, 9, 9, 1, 1, 1, 1, 1, 1, 1, 1),
            ["name"] = "mark",
            ["unit"] = EventBody.UnitOf(number),
            ["time"] = TimeProvider.System.GetUtcNow(),
        });
        var start = Stopwatch.GetTimestamp();
        await PostAsync(http, "/sdk/v1/events", Encoding.UTF8.GetBytes(mark.ToJsonString()), cancellationToken);
        while (await ShownAsync(http, cancellationToken) == known)
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, cancellationToken);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<string> ShownAsync(HttpClient http, CancellationToken cancellationToken) =>
        JsonNode.Parse(await http.GetStringAsync(new Uri(Card, UriKind.Relative), cancellationToken))!["metrics"]!.ToJsonString();

    /// <summary>Batches at their times; a sender that is behind sends at once.</summary>
    private static async Task<(double Events, double Seconds, double P99)> SentAsync(HttpClient http, int firstBatch, int seconds, int rate, CancellationToken cancellationToken)
    {
        var (next, batches, start) = (-1, seconds * rate / EventBody.Rows, Stopwatch.GetTimestamp());
        var latencies = new ConcurrentBag<double>();
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => Task.Run(
            async () =>
            {
                var body = new EventBody(TimeProvider.System.GetUtcNow());
                while (Interlocked.Increment(ref next) is var batch && batch < batches)
                {
                    var due = TimeSpan.FromSeconds((double)batch * EventBody.Rows / rate) - Stopwatch.GetElapsedTime(start);
                    if (due > TimeSpan.Zero)
                        await Task.Delay(due, TimeProvider.System, cancellationToken);
                    var sent = Stopwatch.GetTimestamp();
                    await PostAsync(http, "/sdk/v1/events", body.Of(firstBatch + batch), cancellationToken);
                    latencies.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
                }
            },
            cancellationToken)));
        return ((double)batches * EventBody.Rows, Stopwatch.GetElapsedTime(start).TotalSeconds, latencies.Order().ElementAt((int)(latencies.Count * 0.99)));
    }

    private static async Task PostAsync(HttpClient http, string path, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        using var content = new ReadOnlyMemoryContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await http.PostAsync(new Uri(path, UriKind.Relative), content, cancellationToken);
        response.EnsureSuccessStatusCode();
    }
}
