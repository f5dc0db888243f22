using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Delivery.Shop.Demo;

namespace Delivery.Shop.Alerts;

/// <summary>An alert as the shop team got it.</summary>
internal sealed record ReceivedAlert(string DeliveryId, string Kind, string State, string Severity, string Subject, string Title, string Detail, DateTimeOffset ReceivedAt);

/// <summary>The shop team's inbox: the last alerts, and the secret their sender signs with.</summary>
internal sealed class AlertInbox
{
    private const int Kept = 100;
    private readonly ConcurrentQueue<ReceivedAlert> _alerts = new();

    /// <summary>Made anew at every start; the demo hands it to the server with the team.</summary>
    internal string Secret { get; } = RandomNumberGenerator.GetHexString(64, lowercase: true);

    internal IReadOnlyList<ReceivedAlert> Alerts => [.. _alerts];

    /// <summary>Keeps an alert; false if it was delivered before.</summary>
    internal bool TryAdd(ReceivedAlert alert)
    {
        if (_alerts.Any(known => known.DeliveryId == alert.DeliveryId))
            return false;
        _alerts.Enqueue(alert);
        while (_alerts.Count > Kept)
            _alerts.TryDequeue(out _);
        return true;
    }
}

internal static class AlertHook
{
    internal const string Path = "/hooks/alerts";
    private const int LargestBody = 256 * 1_024;

    internal static void AddAlertHook(this WebApplicationBuilder builder) => builder.Services.AddSingleton<AlertInbox>();

    internal static void MapAlertHook(this WebApplication app)
    {
        app.MapPost(Path, ReceiveAsync);
        app.MapGet("/alerts", (AlertInbox inbox) => inbox.Alerts);
    }

    private static async Task<IResult> ReceiveAsync(HttpContext http, AlertInbox inbox, TimeProvider time, CancellationToken cancellationToken)
    {
        if (http.Request.ContentLength is null or > LargestBody)
            return Results.Problem("An alert has a length, of 256 KiB at the most.", statusCode: StatusCodes.Status413PayloadTooLarge);
        var body = new byte[http.Request.ContentLength.Value];
        await http.Request.Body.ReadExactlyAsync(body, cancellationToken);
        if (!AlertSignature.IsValid(http.Request.Headers[AlertSignature.Header], body, inbox.Secret, time.GetUtcNow()))
            return Results.Problem("The signature does not fit.", statusCode: StatusCodes.Status401Unauthorized);
        if (Read(body, http.Request.Headers["X-Delivery-Id"].ToString(), time.GetUtcNow()) is not { } alert)
            return Results.Problem("The body is not an alert.", statusCode: StatusCodes.Status400BadRequest);
        if (inbox.TryAdd(alert))
            Terminal.Say($"ALERT to the shop team ({alert.Severity}, {alert.State}): {alert.Title}", alert.Detail);
        return Results.NoContent();
    }

    private static ReceivedAlert? Read(byte[] body, string deliveryId, DateTimeOffset now)
    {
        try
        {
            var sent = JsonElement.Parse(body);
            string Text(string member) => sent.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
            return sent.ValueKind == JsonValueKind.Object
                ? new ReceivedAlert(deliveryId, Text("kind"), Text("state"), Text("severity"), Text("subject"), Text("title"), Text("detail"), now)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
