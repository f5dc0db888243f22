using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;

namespace Delivery.Plugins.Yarp;

/// <summary>
/// Sends copies of requests, and throws their answers away. The request never waits for its copy; so many copies are under way at
/// once, and more are left out.
/// </summary>
internal sealed class Mirror(HttpMessageInvoker client) : IAsyncDisposable
{
    private const int MostAtOnce = 256;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    private static readonly string[] NotCopied = ["Host", "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade", "TE", "Trailer"];

    private readonly SemaphoreSlim _places = new(MostAtOnce, MostAtOnce);
    private readonly CancellationTokenSource _end = new();

    /// <summary>Takes the copy (its body is read into memory, for the original too) and sends it in the background.</summary>
    public async Task CopyAsync(HttpContext http, Uri to, int mostBytes)
    {
        if (!await TakeBodyAsync(http, mostBytes) || !_places.Wait(0, CancellationToken.None))
            return;
        var copy = new HttpRequestMessage(new HttpMethod(http.Request.Method), to.ToString().TrimEnd('/') + http.Request.GetEncodedPathAndQuery());
        if (http.Request.Body is MemoryStream { Length: > 0 } body)
            copy.Content = new ByteArrayContent(body.ToArray());
        foreach (var (name, values) in http.Request.Headers.Where(h => !NotCopied.Contains(h.Key, StringComparer.OrdinalIgnoreCase)))
        {
            if (!copy.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
                copy.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }

        copy.Headers.Host = http.Request.Host.Value;
        _ = SendAsync(copy);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        for (var i = 0; i < MostAtOnce; i++)
            await _places.WaitAsync();
        _end.Dispose();
        _places.Dispose();
    }

    private static async Task<bool> TakeBodyAsync(HttpContext http, int mostBytes)
    {
        if (http.Request.ContentLength is null or 0)
            return http.Request.Headers.TransferEncoding.Count == 0;
        if (http.Request.ContentLength > mostBytes)
            return false;
        var body = new MemoryStream((int)http.Request.ContentLength.Value);
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        body.Position = 0;
        http.Request.Body = body;
        return true;
    }

    /// <summary>Catches what can go wrong; its place says that it is under way.</summary>
    private async Task SendAsync(HttpRequestMessage copy)
    {
        await Task.Yield();
        using var late = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        late.CancelAfter(Longest);
        try
        {
            using (copy)
            using (var answer = await client.SendAsync(copy, late.Token))
                await answer.Content.CopyToAsync(Stream.Null, late.Token);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            // A copy that fails is nobody's failure; the arm's own metrics show it.
        }
        finally
        {
            _places.Release();
        }
    }
}
