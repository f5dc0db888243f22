using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace Delivery.Plugins.Prometheus;

/// <summary>Prometheus' HTTP API: one call, one answer or one typed error.</summary>
internal sealed class PrometheusClient : IDisposable
{
    /// <summary>More than that is not read: a selector that means too many series.</summary>
    private const long MostBytes = 64 * 1024 * 1024;

    private readonly HttpClient _http;
    private readonly Func<AuthenticationHeaderValue?> _authorization;
    private readonly TimeSpan _longest;
    private readonly TimeProvider _time;

    public PrometheusClient(PrometheusOptions options, X509Certificate2Collection? authorities, TimeProvider time)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            AutomaticDecompression = System.Net.DecompressionMethods.All,
        };
        if (authorities is not null)
            handler.SslOptions = Trusting(authorities);
        var url = options.Url!.AbsoluteUri;
        _http = new HttpClient(handler)
        {
            BaseAddress = new Uri(url.EndsWith('/') ? url : url + "/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _authorization = () => options switch
        {
            { Token: { } token } => new("Bearer", token.Reveal()),
            { User: { } user } => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{options.Password!.Reveal()}"))),
            _ => null,
        };
        (_longest, _time) = (TimeSpan.FromSeconds(options.Seconds), time);
    }

    /// <summary>A query at an explicit time.</summary>
    public ValueTask<PluginResult<ApiAnswer>> QueryAsync(string query, DateTimeOffset at, CancellationToken cancellationToken) => CallAsync(
        "query", Post("api/v1/query", [new("query", query), new("time", Seconds(at))]), ApiAnswer.Read, cancellationToken);

    /// <summary>The label names that a metric has; empty when it has no series.</summary>
    public ValueTask<PluginResult<ApiAnswer>> LabelsAsync(string metric, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) => CallAsync(
        "labels", Post("api/v1/labels", [new("match[]", metric), new("start", Seconds(from)), new("end", Seconds(to))]), ApiAnswer.Read, cancellationToken);

    /// <summary>Anything else that the API gives.</summary>
    public ValueTask<PluginResult<ApiAnswer>> GetAsync(string path, CancellationToken cancellationToken) =>
        CallAsync(path, () => new HttpRequestMessage(HttpMethod.Get, path), ApiAnswer.Read, cancellationToken);

    /// <summary>Whether it says that it is ready.</summary>
    public ValueTask<PluginResult<string>> ReadyAsync(CancellationToken cancellationToken) =>
        CallAsync<string>("ready", () => new HttpRequestMessage(HttpMethod.Get, "-/ready"), (_, text) => text, cancellationToken);

    public void Dispose() => _http.Dispose();

    private static Func<HttpRequestMessage> Post(string path, KeyValuePair<string, string>[] form) =>
        () => new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(form) };

    private static string Seconds(DateTimeOffset at) => (at.ToUnixTimeMilliseconds() / 1_000m).ToString(CultureInfo.InvariantCulture);

    private async ValueTask<PluginResult<T>> CallAsync<T>(
        string call, Func<HttpRequestMessage> request, Func<string, string, PluginResult<T>> read, CancellationToken cancellationToken)
        where T : class
    {
        using var late = new CancellationTokenSource(_longest, _time);
        using var until = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            using var response = await SendAsync(request, until.Token).ConfigureAwait(false);
            await response.Content.LoadIntoBufferAsync(MostBytes, until.Token).ConfigureAwait(false);
            var text = await response.Content.ReadAsStringAsync(until.Token).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? read(call, text) : Failures.Of(call, response, text, _time);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new PluginError(PluginErrorKind.Timeout, string.Create(CultureInfo.InvariantCulture, $"{call}: no answer within {_longest.TotalSeconds:0.###} s"));
        }
        catch (HttpRequestException e)
        {
            return Failures.Of(call, e);
        }
    }

    /// <summary>A kept connection that the server closed meanwhile is found by writing to it; a read may be asked once more.</summary>
    private async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> request, CancellationToken cancellationToken)
    {
        try
        {
            return await OnceAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.ResponseEnded or HttpRequestError.Unknown)
        {
            return await OnceAsync(request, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<HttpResponseMessage> OnceAsync(Func<HttpRequestMessage> request, CancellationToken cancellationToken)
    {
        using var message = request();
        message.Headers.Authorization = _authorization();
        return await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
    }

    private static SslClientAuthenticationOptions Trusting(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        return new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
    }
}

/// <summary>What the API answered.</summary>
/// <param name="Data">The member <c>data</c>.</param>
/// <param name="Warnings">What it warned of: an answer that is not whole.</param>
internal sealed record ApiAnswer(JsonElement Data, IReadOnlyList<string> Warnings)
{
    public static PluginResult<ApiAnswer> Read(string call, string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("data", out var data) || root.GetProperty("status").GetString() != "success")
                return Nonsense(call);
            var warnings = root.TryGetProperty("warnings", out var w) ? w.EnumerateArray().Select(i => i.GetString() ?? "").ToList() : [];
            return new ApiAnswer(data.Clone(), warnings);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return Nonsense(call);
        }
    }

    /// <summary>An answer of a shape that Prometheus does not give.</summary>
    public static PluginError Nonsense(string call) => new(PluginErrorKind.Internal, $"{call}: the answer is not one of Prometheus' API; is it Prometheus, and is its path prefix right?");
}
