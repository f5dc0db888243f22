using System.Net;
using System.Text;

namespace Delivery.Metrics.Tests.Http;

/// <summary>What many scenarios ask of the catalogue.</summary>
internal static class MetricRequests
{
    /// <summary>Defines a metric; it must be taken.</summary>
    public static async Task DefineAsync(this HttpClient client, string key, string definition)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var content = new StringContent(definition, Encoding.UTF8, "application/json");
        using var response = await client.PutAsync(new Uri($"/api/v1/metrics/{key}", UriKind.Relative), content, cancel);
        response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync(cancel));
    }
}
