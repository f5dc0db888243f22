using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Delivery.Metrics.Tests.Http;

namespace Delivery.Metrics.Tests.Measuring;

/// <summary>Numbered batches of exposures and events, the same ones for whoever sends them; what was not acknowledged is sent again.</summary>
internal sealed class KilledTraffic(DateTimeOffset start)
{
    private const int RowsPerBatch = 100;
    private const int Units = 400;
    private const int Senders = 3;
    private readonly ConcurrentQueue<int> _again = [];
    private int _acknowledged;
    private int _next = -1;

    /// <summary>How many batches were acknowledged.</summary>
    public int Acknowledged => Volatile.Read(ref _acknowledged);

    /// <summary>How many batches were begun; all of them are acknowledged after <see cref="FinishAsync"/>.</summary>
    public int Begun => Volatile.Read(ref _next) + 1;

    /// <summary>Sends until the server is gone, or until so many batches were acknowledged.</summary>
    public Task SendAsync(HttpClient http, int most, CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => Task.Run(
            async () =>
            {
                while (Acknowledged < most && await TrySendAsync(http, _again.TryDequeue(out var batch) ? batch : Interlocked.Increment(ref _next), cancellationToken))
                    Interlocked.Increment(ref _acknowledged);
            },
            cancellationToken)));

    /// <summary>Sends again what nobody acknowledged.</summary>
    public async Task FinishAsync(HttpClient http, CancellationToken cancellationToken)
    {
        while (_again.TryDequeue(out var batch))
        {
            (await TrySendAsync(http, batch, cancellationToken)).ShouldBeTrue();
            Interlocked.Increment(ref _acknowledged);
        }
    }

    /// <summary>All batches in order, without any interruption.</summary>
    public async Task SendAllAsync(HttpClient http, int batches, CancellationToken cancellationToken)
    {
        for (var batch = 0; batch < batches; batch++)
            (await TrySendAsync(http, batch, cancellationToken)).ShouldBeTrue();
    }

    private async Task<bool> TrySendAsync(HttpClient http, int batch, CancellationToken cancellationToken)
    {
        var (path, rows) = batch % 3 == 0 ? ("/sdk/v1/exposures", Exposures(batch)) : ("/sdk/v1/events", Events(batch));
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(new JsonArray([.. rows]).ToJsonString(), Encoding.UTF8) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("X-Source", "killed");
        request.Headers.Add("X-Batch", batch.ToString(CultureInfo.InvariantCulture));
        try
        {
            using var response = await http.SendAsync(request, cancellationToken);
            if (response.StatusCode == HttpStatusCode.OK)
                return true;
        }
        catch (HttpRequestException)
        {
            // Killed: the batch may be there or not; it is sent again under its number.
        }

        _again.Enqueue(batch);
        return false;
    }

    /// <summary>Ids come again in other batches, and times go back before those of earlier ones.</summary>
    private IEnumerable<JsonNode> Events(int batch)
    {
        var random = new Random(batch);
        for (var i = 0; i < RowsPerBatch; i++)
        {
            var number = random.Next(20) == 0 ? random.Next(batch * RowsPerBatch) : (batch * RowsPerBatch) + i;
            var its = new Random(number);
            var element = Traffic.Event(number, its.Next(2) == 0 ? "purchase" : "request", $"u{its.Next(Units)}", start.AddSeconds(its.Next(100_000)));
            element["value"] = its.Next(-5, 100) + 0.25m;
            if (element["name"]!.GetValue<string>() == "request")
                (element["error"], element["durationMs"]) = (its.Next(4) == 0, its.Next(1, 900));
            yield return element;
        }
    }

    private IEnumerable<JsonNode> Exposures(int batch)
    {
        var random = new Random(-1 - batch);
        for (var i = 0; i < RowsPerBatch; i++)
            yield return Traffic.Exposure((batch * RowsPerBatch) + i, "checkout", random.Next(2) == 0 ? "on" : "off", 2 + random.Next(2), $"u{random.Next(Units)}", start.AddSeconds(random.Next(100_000)));
    }
}
