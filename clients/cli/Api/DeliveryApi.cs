using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Delivery.Cli;

/// <summary>The management API of one server.</summary>
internal sealed class DeliveryApi : IDisposable
{
    private const int PageSize = 1_000;
    private const int Races = 5;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    /// <summary>To verify a ledger of a billion rows takes a quarter of an hour.</summary>
    private static readonly TimeSpan LongPatience = TimeSpan.FromHours(2);

    /// <summary>What reads the ledger.</summary>
    private static readonly string[] Long = ["/ledger/", "/exposures", "/traffic"];

    private readonly HttpClient _http;
    private readonly TimeProvider _time;

    public DeliveryApi(Credentials credentials, Terminal terminal)
    {
        _time = terminal.Time;
        _http = new HttpClient(terminal.Handler()) { BaseAddress = credentials.Server, Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", credentials.Key);
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("delivery-cli/1");
    }

    /// <summary>The server that was named, or is in the environment, or was signed in to.</summary>
    /// <exception cref="ApiFault">There is none.</exception>
    public static DeliveryApi For(Terminal terminal, Uri? server, string? key)
    {
        var remembered = Credentials.Load(terminal);
        server ??= terminal.Variable("DELIVERY_SERVER") is { Length: > 0 } variable ? Address(variable) : remembered?.Server;
        key ??= terminal.Variable("DELIVERY_KEY") is { Length: > 0 } secret ? secret : remembered?.Key;
        return server is null ? throw new ApiFault(ExitCode.Unauthorized, "Which server? 'delivery login --server URL', or DELIVERY_SERVER, or --server.")
            : key is null ? throw new ApiFault(ExitCode.Unauthorized, "Which key? 'delivery login', or DELIVERY_KEY, or --key.")
            : new DeliveryApi(new Credentials(server, key), terminal);
    }

    private static Uri Address(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
        ? address
        : throw ApiFault.Usage("DELIVERY_SERVER: an address such as https://delivery.example.com is accepted.");

    public Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, path), cancellationToken);

    /// <summary>The items of a list, page by page.</summary>
    /// <param name="path">The list, with or without a query.</param>
    /// <param name="limit">How many at the most.</param>
    public async Task<IReadOnlyList<JsonElement>> ListAsync(string path, int limit, CancellationToken cancellationToken)
    {
        var items = new List<JsonElement>();
        string? after = null;
        do
        {
            var size = Math.Min(PageSize, limit - items.Count);
            var page = await GetAsync($"{path}{(path.Contains('?') ? '&' : '?')}limit={size}{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}", cancellationToken);
            items.AddRange(page.Items("items"));
            after = page.At("next") is { ValueKind: JsonValueKind.String or JsonValueKind.Number } next ? next.ToString() : null;
        }
        while (after is not null && items.Count < limit);
        return items;
    }

    /// <summary>
    /// A change. It carries an idempotency key, so that a repetition changes nothing. When it loses a race against another
    /// writer and did not say which version it rests on, it is sent again, up to <see cref="Races"/> times.
    /// </summary>
    /// <param name="method">POST, PUT, ...</param>
    /// <param name="path">What is changed.</param>
    /// <param name="body">The document; null sends none.</param>
    /// <param name="ifMatch">The version it must be at; null takes any.</param>
    public async Task<JsonElement> ChangeAsync(HttpMethod method, string path, JsonNode? body, CancellationToken cancellationToken, long? ifMatch = null)
    {
        var idempotencyKey = Guid.CreateVersion7(_time.GetUtcNow()).ToString();
        for (var races = 1; ; races++)
        {
            var request = new HttpRequestMessage(method, path);
            if (body is not null)
                request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
            request.Headers.Add("Idempotency-Key", idempotencyKey);
            if (ifMatch is { } version)
                request.Headers.IfMatch.Add(new EntityTagHeaderValue($"\"{version}\""));
            try
            {
                return await SendAsync(request, cancellationToken);
            }
            catch (ApiFault fault) when (fault.LostRace && ifMatch is null && races < Races)
            {
            }
        }
    }

    /// <summary>An answer as it comes, for streams; the caller disposes of it.</summary>
    public async Task<HttpResponseMessage> OpenAsync(string path, string accept, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd(accept);
        var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (answer.IsSuccessStatusCode)
            return answer;
        using (answer)
            throw await ApiFault.OfAsync(answer, cancellationToken);
    }

    /// <summary>Sends a file as it is read.</summary>
    public Task<JsonElement> UploadAsync(string path, Stream content, string contentType, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StreamContent(content) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        return SendAsync(request, cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    private async Task<JsonElement> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using (request)
        {
            var path = request.RequestUri!.OriginalString;
            var patience = Long.Any(part => path.Contains(part, StringComparison.Ordinal)) || request.Content is StreamContent ? LongPatience : Patience;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(patience);
            try
            {
                using var answer = await _http.SendAsync(request, limit.Token);
                if (!answer.IsSuccessStatusCode)
                    throw await ApiFault.OfAsync(answer, limit.Token);
                var bytes = await answer.Content.ReadAsByteArrayAsync(limit.Token);
                return bytes.Length == 0 ? default : JsonElement.Parse(bytes);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new HttpRequestException($"the server did not answer within {patience.TotalSeconds:0} s");
            }
        }
    }
}
