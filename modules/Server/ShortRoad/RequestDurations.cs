using System.Diagnostics.Metrics;

namespace Delivery.Server.ShortRoad;

/// <summary>
/// The framework's <c>http.server.request.duration</c>, for requests that do not pass where the framework measures: the same
/// instrument, with the tags of OpenTelemetry's semantic conventions.
/// </summary>
internal sealed class RequestDurations
{
    private readonly Histogram<double> _seconds;
    private readonly TimeProvider _time;

    public RequestDurations(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        _seconds = meters.Create("Microsoft.AspNetCore.Hosting").CreateHistogram<double>("http.server.request.duration", "s", "Duration of HTTP server requests.");
    }

    /// <summary>When a request began; 0 where nobody measures.</summary>
    public long Begin() => _seconds.Enabled ? _time.GetTimestamp() : 0;

    public void End(long began, HttpContext http, Road road)
    {
        if (began == 0)
            return;
        var status = http.Response.StatusCode;
        _seconds.Record(
            _time.GetElapsedTime(began).TotalSeconds,
            new("http.request.method", road.Method),
            new("http.response.status_code", status == StatusCodes.Status200OK ? Ok : status),
            new("http.route", road.Endpoint.RoutePattern.RawText),
            new("network.protocol.version", Version(http.Request.Protocol)),
            new("url.scheme", http.Request.Scheme));
    }

    private static readonly object Ok = StatusCodes.Status200OK;

    private static string Version(string protocol) => protocol switch
    {
        "HTTP/1.1" => "1.1",
        "HTTP/2" => "2",
        "HTTP/3" => "3",
        _ => "1.0",
    };
}
