using Delivery.Plugins.Compliance;

namespace Delivery.Plugins.Tests;

/// <summary>The compliance suite's requests, as HTTP.</summary>
internal static class RouterRequests
{
    public static async Task<string> SendAsync(this HttpClient client, RouterRequest request, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, "/basket");
        if (request.Header is { } header)
            message.Headers.Add(header.Name, header.Value);
        if (request.Cookie is { } cookie)
            message.Headers.Add("Cookie", $"other=1; {cookie.Name}={cookie.Value}");
        using var answer = await client.SendAsync(message, cancellationToken);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsStringAsync(cancellationToken);
    }
}
