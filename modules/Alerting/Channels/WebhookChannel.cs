using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Delivery.Plugins;

namespace Delivery.Alerting.Channels;

/// <summary>
/// Posts an alert as JSON, signed so that the receiver can tell it is ours and fresh:
/// <c>X-Delivery-Signature: t=UNIX_SECONDS,v1=HEX</c> with HEX = HMAC-SHA256(secret, "t.body").
/// A receiver should refuse a signature older than five minutes. <c>X-Delivery-Id</c> is the same on every retry.
/// </summary>
internal sealed class WebhookChannel(TimeProvider time) : INotificationChannel, IDisposable
{
    /// <summary>Of its own, without the defaults' retries: an alert's attempts are counted and recorded by the module.</summary>
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        Timeout = TimeSpan.FromSeconds(5),
    };

    public string Kind => "webhook";

    public IReadOnlyDictionary<string, string> Faults(ChannelSettings settings) =>
        Uri.TryCreate(settings.Address, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0
            ? new Dictionary<string, string>()
            : new Dictionary<string, string> { ["url"] = "an absolute http or https URL without a user name" };

    public async ValueTask<SendResult> SendAsync(Notification notification, ChannelSettings settings, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(Payload.Of(notification), JsonSerializerOptions.Web);
        using var request = new HttpRequestMessage(HttpMethod.Post, settings.Address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.Add("X-Delivery-Id", notification.Id);
        if (settings.Secret is { Length: > 0 } secret)
            request.Headers.Add("X-Delivery-Signature", Sign(secret, time.GetUtcNow(), body));
        try
        {
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return response.IsSuccessStatusCode
                ? new SendResult.Delivered()
                : new SendResult.Failed($"the receiver answered {(int)response.StatusCode}", Retryable(response.StatusCode));
        }
        catch (HttpRequestException e)
        {
            return new SendResult.Failed(e.Message, Retryable: true);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new SendResult.Failed("the receiver did not answer in time", Retryable: true);
        }
    }

    public void Dispose() => _client.Dispose();

    public static string Sign(string secret, DateTimeOffset now, ReadOnlySpan<byte> body)
    {
        var t = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        byte[] signed = [.. Encoding.ASCII.GetBytes(t + "."), .. body];
        return $"t={t},v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed))}";
    }

    /// <summary>A receiver that says "no" for good is not asked again: 4xx but 408, 425 and 429.</summary>
    private static bool Retryable(HttpStatusCode status) =>
        (int)status >= 500 || status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or (HttpStatusCode)425;

    private sealed record Payload(
        string Id, string AlertId, string Kind, string State, string Severity, string Team, string Subject, string Title, string Detail,
        JsonElement? Evidence, DateTimeOffset At)
    {
        public static Payload Of(Notification n) => new(
            n.Id, n.AlertId, n.Kind, n.State, n.Severity, n.Team, n.Subject, n.Title, n.Detail,
            n.EvidenceJson is null ? null : JsonElement.Parse(n.EvidenceJson), n.At);
    }
}
