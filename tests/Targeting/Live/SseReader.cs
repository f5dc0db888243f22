using System.Globalization;
using System.Net.ServerSentEvents;
using System.Text.Json;

namespace Delivery.Targeting.Tests.Live;

/// <summary>Reads a stream event by event.</summary>
internal sealed class SseReader : IAsyncDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly IAsyncEnumerator<SseItem<string>> _items;

    private SseReader(HttpResponseMessage response, IAsyncEnumerator<SseItem<string>> items)
    {
        _response = response;
        _items = items;
    }

    public static async Task<SseReader> OpenAsync(HttpClient client, string path)
    {
        var stop = TestContext.Current.CancellationToken;
        var response = await client.GetAsync(new Uri(path, UriKind.RelativeOrAbsolute), HttpCompletionOption.ResponseHeadersRead, stop);
        response.EnsureSuccessStatusCode();
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        return new SseReader(response, SseParser.Create(await response.Content.ReadAsStreamAsync(stop)).EnumerateAsync(stop).GetAsyncEnumerator(stop));
    }

    public async Task<SseItem<string>> NextAsync()
    {
        (await _items.MoveNextAsync()).ShouldBeTrue("the stream ended");
        return _items.Current;
    }

    /// <summary>The sequence of the next event of an OFREP stream, which tells to evaluate anew.</summary>
    public async Task<long> RefetchAsync()
    {
        var item = await NextAsync();
        item.EventType.ShouldBe("message");
        var message = JsonElement.Parse(item.Data);
        message.Text("type").ShouldBe("refetchEvaluation");
        return long.Parse(message.Text("etag")!, CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        _response.Dispose();
        await _items.DisposeAsync();
    }
}
