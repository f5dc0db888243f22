using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Delivery.Shop.Demo;

/// <summary>The part of Delivery's public API that the demo uses. Every call may be repeated.</summary>
internal sealed class PublicApi : IDisposable
{
    private readonly HttpClient _http;

    internal PublicApi(Uri server, string adminKey)
    {
        _http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = server, Timeout = TimeSpan.FromSeconds(15) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", adminKey);
    }

    public void Dispose() => _http.Dispose();

    internal async Task<IReadOnlyList<T>> ListAsync<T>(string path, CancellationToken cancellationToken) =>
        (await _http.GetFromJsonAsync<Page<T>>(path + "?limit=1000", JsonSerializerOptions.Web, cancellationToken))!.Items;

    internal async Task<bool> ExistsAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await _http.GetAsync(path, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
            return false;
        await ThrowUnlessOkAsync(response, cancellationToken);
        return true;
    }

    internal async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = JsonContent.Create(body, options: JsonSerializerOptions.Web);
        using var response = await _http.SendAsync(request, cancellationToken);
        await ThrowUnlessOkAsync(response, cancellationToken);
        return await response.Content.ReadAsByteArrayAsync(cancellationToken) is { Length: > 0 } answer ? JsonElement.Parse(answer) : default;
    }

    private static async Task ThrowUnlessOkAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw new HttpRequestException(
                $"{response.RequestMessage?.Method} {response.RequestMessage?.RequestUri?.AbsolutePath}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancellationToken)}",
                null, response.StatusCode);
        }
    }
}
