using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Delivery.EndToEnd.Tests.Platform;

/// <summary>One service over HTTP, as a program outside the platform uses it.</summary>
internal sealed class Api : IDisposable
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private readonly HttpClient _http;

    public Api(Uri server, string? key)
    {
        _http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = server, Timeout = TimeSpan.FromSeconds(60) };
        if (key is not null)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    public static JsonSerializerOptions Json => JsonSerializerOptions.Web;

    public void Dispose() => _http.Dispose();

    public static string Shown(object? value) => value is string text ? text : JsonSerializer.Serialize(value, Indented);

    public async Task<T> GetAsync<T>(string path, CancellationToken cancellationToken) =>
        (await _http.GetFromJsonAsync<T>(path, Json, cancellationToken))!;

    public async Task<IReadOnlyList<T>> ListAsync<T>(string path, CancellationToken cancellationToken) =>
        (await GetAsync<Page<T>>(path, cancellationToken)).Items;

    public async Task<HttpStatusCode> StatusAsync(HttpMethod method, string path, object? body, CancellationToken cancellationToken)
    {
        using var response = await AskAsync(method, path, body, cancellationToken);
        return response.StatusCode;
    }

    public async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body, CancellationToken cancellationToken)
    {
        using var response = await AskAsync(method, path, body, cancellationToken);
        var answer = await response.Content.ReadAsStringAsync(cancellationToken);
        response.IsSuccessStatusCode.ShouldBeTrue($"{method} {path} answered {(int)response.StatusCode}: {answer}");
        return answer.Length == 0 ? default : JsonElement.Parse(answer);
    }

    /// <summary>All of a list, as NDJSON.</summary>
    public async IAsyncEnumerable<T> LinesAsync<T>(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/x-ndjson"));
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await lines.ReadLineAsync(cancellationToken) is { } line)
            yield return JsonSerializer.Deserialize<T>(line, Json)!;
    }

    private async Task<HttpResponseMessage> AskAsync(HttpMethod method, string path, object? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = JsonContent.Create(body, options: Json);
            // With its length, as a sender of small documents says it.
            await request.Content.LoadIntoBufferAsync(cancellationToken);
        }

        return await _http.SendAsync(request, cancellationToken);
    }
}
