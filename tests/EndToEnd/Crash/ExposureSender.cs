using System.Net.Http.Headers;
using System.Text.Json;
using Delivery.EndToEnd.Tests.Platform;

namespace Delivery.EndToEnd.Tests.Crash;

/// <summary>
/// Sends batch after batch of exposures without a pause, so that some are under way whenever the server dies, and sends
/// each again until the server has acknowledged it, as the SDK does. Every id is known.
/// </summary>
internal sealed class ExposureSender : IAsyncDisposable
{
    public const string Flag = "sent-by-the-test";
    public const int BatchSize = 5;
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(50);

    private readonly HttpClient _http;
    private readonly short _number;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _sending;
    private int _acknowledged;
    private int _retries;

    public ExposureSender(Uri server, string key, short number)
    {
        _number = number;
        _http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = server, Timeout = TimeSpan.FromSeconds(10) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        _http.DefaultRequestHeaders.Add("X-Source", $"sender-{number}");
        _sending = Task.Run(SendAsync);
    }

    /// <summary>Batches answered with 200: all up to this number.</summary>
    public int Acknowledged => Volatile.Read(ref _acknowledged);

    /// <summary>How often a batch had to be sent again.</summary>
    public int Retries => Volatile.Read(ref _retries);

    public IEnumerable<Guid> AcknowledgedIds => Enumerable.Range(1, Acknowledged).SelectMany(batch => Enumerable.Range(0, BatchSize).Select(i => IdOf(batch, i)));

    /// <summary>Sends no new batch, and keeps on until the last one is acknowledged.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _sending;
    }

    /// <summary>Sends an acknowledged batch once more.</summary>
    /// <returns>How many exposures the server has of it, and whether it says that it had them before.</returns>
    public async Task<(int Accepted, bool Duplicate)> RepeatAsync(int batch, CancellationToken cancellationToken)
    {
        using var response = await PostAsync(batch, cancellationToken);
        response.EnsureSuccessStatusCode();
        var answer = JsonElement.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
        return (answer.GetProperty("accepted").GetInt32(), answer.GetProperty("duplicate").GetBoolean());
    }

    public async ValueTask DisposeAsync()
    {
        // A test that failed leaves a server that may never answer.
        _http.CancelPendingRequests();
        await _stop.CancelAsync();
        _http.Dispose();
        await _sending.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        _stop.Dispose();
    }

    private async Task SendAsync()
    {
        for (var batch = 1; !_stop.IsCancellationRequested; batch++)
        {
            while (!await TrySendAsync(batch))
            {
                Interlocked.Increment(ref _retries);
                await Task.Delay(RetryPause, TimeProvider.System);
            }

            Volatile.Write(ref _acknowledged, batch);
        }
    }

    private async Task<bool> TrySendAsync(int batch)
    {
        try
        {
            using var response = await PostAsync(batch, CancellationToken.None);
            return response.IsSuccessStatusCode;
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private async Task<HttpResponseMessage> PostAsync(int batch, CancellationToken cancellationToken)
    {
        // The same bytes each time, the times too: a batch's number names its content.
        var exposures = Enumerable.Range(0, BatchSize).Select(i => new
        {
            id = IdOf(batch, i),
            flag = Flag,
            variant = i % 2 == 0 ? "on" : "off",
            unit = $"unit-{_number}-{batch}-{i}",
            reason = "SPLIT",
            flagVersion = 1,
            sequence = 1,
            time = StartedAt,
        });
        using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(exposures, Api.Json)) { Headers = { ContentType = new("application/json") } };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/sdk/v1/exposures") { Content = content };
        request.Headers.Add("X-Batch", $"{batch}");
        return await _http.SendAsync(request, cancellationToken);
    }

    private DateTimeOffset StartedAt { get; } = TimeProvider.System.GetUtcNow();

    private Guid IdOf(int batch, int index) => new(batch, _number, (short)index, [1, 2, 3, 4, 5, 6, 7, 8]);
}
