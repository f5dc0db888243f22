using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Delivery.Plugins.Kubernetes;

/// <summary>The API server over HTTP: objects as JSON, whole; failures as values.</summary>
internal sealed class KubeApi : IDisposable
{
    private const int MostMessage = 500;

    /// <summary>An object is at most 1.5 MiB in etcd; more is no answer of an API server.</summary>
    private const int MostBytes = 16 * 1024 * 1024;

    /// <summary>Less than the host waits for a call that it has cancelled.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(300);

    private readonly Connection _connection;
    private readonly TimeProvider _time;
    private readonly HttpClient _client;

    public KubeApi(Connection connection, TimeProvider time)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            AllowAutoRedirect = false,
            UseCookies = false,
        };
        if (connection.Authorities is { } authorities)
        {
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        if (connection.Own is { } own)
            handler.SslOptions.ClientCertificates = [own];
        (_connection, _time, _client) = (connection, time, new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = MostBytes });
    }

    public Uri Server => _connection.Server;

    /// <summary>A path at the server, which may itself be behind one: <c>https://rancher.example/k8s/clusters/c-1</c>.</summary>
    public static Uri At(Uri server, string path) => new(server.AbsoluteUri.TrimEnd('/') + path);

    /// <summary>Reads an object.</summary>
    public async Task<PluginResult<JsonObject>> GetAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, At(Server, path));
            return await ExchangeAsync(request, cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
        {
            return Error(KindOfRead(e), $"GET {path}: {Innermost(e)}");
        }
    }

    /// <summary>
    /// Merges into an object. Once it is begun, no answer is <see cref="PluginErrorKind.OutcomeUnknown"/>; who cancels waits a moment more,
    /// because an answer that is nearly there is worth more than not knowing.
    /// </summary>
    public async Task<PluginResult<JsonObject>> PatchAsync(string path, JsonObject patch, bool dryRun, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var query = $"?fieldManager=delivery&fieldValidation=Strict{(dryRun ? "&dryRun=All" : "")}";
            using var request = new HttpRequestMessage(HttpMethod.Patch, At(Server, path + query))
            {
                Content = new StringContent(patch.ToJsonString(), Encoding.UTF8, "application/merge-patch+json"),
            };
            using var enough = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _time);
            var exchange = ExchangeAsync(request, enough.Token);
            await ((Task)exchange).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellationToken.IsCancellationRequested)
                enough.CancelAfter(dryRun ? TimeSpan.Zero : Grace);
            return await exchange;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
        {
            return Error(KindOfWrite(e), $"PATCH {path}: {Innermost(e)}");
        }
        catch (OperationCanceledException) when (!dryRun)
        {
            return Error(PluginErrorKind.OutcomeUnknown, $"PATCH {path}: no answer yet when it was cancelled; it may have taken effect");
        }
    }

    /// <summary>An object's changes from a version on; ends when the server ends it.</summary>
    public async IAsyncEnumerable<JsonObject> WatchAsync(string collection, string name, string resourceVersion, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var query = $"?watch=1&allowWatchBookmarks=false&fieldSelector=metadata.name%3D{Uri.EscapeDataString(name)}&resourceVersion={resourceVersion}";
        using var request = new HttpRequestMessage(HttpMethod.Get, At(Server, collection + query));
        request.Headers.Authorization = await _connection.SignIn(cancellationToken);
        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode)
            yield break;
        await foreach (var changed in WatchLines.ReadAsync(await response.Content.ReadAsStreamAsync(cancellationToken), MostBytes, cancellationToken))
            yield return changed;
    }

    public void Dispose() => _client.Dispose();

    private async Task<PluginResult<JsonObject>> ExchangeAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.Authorization = await _connection.SignIn(cancellationToken);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        using var response = await _client.SendAsync(request, cancellationToken);
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        if (!response.IsSuccessStatusCode)
            return Refusal(request, response, body);
        return JsonNode.Parse(body) is JsonObject { } found && found["metadata"] is JsonObject ? found : throw new JsonException("the answer is no object of Kubernetes");
    }

    private static PluginError Refusal(HttpRequestMessage request, HttpResponseMessage response, string body)
    {
        var write = request.Method != HttpMethod.Get;
        var kind = response.StatusCode switch
        {
            HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity => PluginErrorKind.InvalidIntent,
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => PluginErrorKind.Unauthorized,
            HttpStatusCode.NotFound => PluginErrorKind.NotFound,
            HttpStatusCode.Conflict or HttpStatusCode.PreconditionFailed => PluginErrorKind.Conflict,
            HttpStatusCode.TooManyRequests => PluginErrorKind.Throttled,
            HttpStatusCode.ServiceUnavailable => PluginErrorKind.Unavailable,
            >= HttpStatusCode.InternalServerError => write ? PluginErrorKind.OutcomeUnknown : PluginErrorKind.Unavailable,
            _ => PluginErrorKind.Internal,
        };
        return Error(kind, $"{request.Method} {request.RequestUri!.AbsolutePath}: {(int)response.StatusCode} {MessageIn(body)}") with { RetryAfter = response.Headers.RetryAfter?.Delta };
    }

    private static string MessageIn(string body)
    {
        try
        {
            return (string?)JsonNode.Parse(body)?["message"] ?? "";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return body;
        }
    }

    private static PluginErrorKind KindOfRead(Exception e) =>
        Untrusted(e) ? PluginErrorKind.Unauthorized
        : e is JsonException or HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded } ? PluginErrorKind.Internal
        : PluginErrorKind.Unavailable;

    /// <summary>What failed before the first byte was sent did nothing; of the rest it can't be told.</summary>
    private static PluginErrorKind KindOfWrite(Exception e) =>
        Untrusted(e) ? PluginErrorKind.Unauthorized
        : e is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError } ? PluginErrorKind.Unavailable
        : PluginErrorKind.OutcomeUnknown;

    private static bool Untrusted(Exception e) => e is AuthenticationException || (e.InnerException is { } inner && Untrusted(inner));

    private static string Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e.Message;

    private static PluginError Error(PluginErrorKind kind, string message) => new(kind, message.Length > MostMessage ? message[..MostMessage] : message);
}
