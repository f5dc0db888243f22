using Delivery.Metrics.Events;
using Delivery.Segments;
using Delivery.Segments.Intake;
using Microsoft.AspNetCore.Http;

namespace Delivery.Metrics.Intake;

/// <summary><c>POST /sdk/v1/events</c>: a batch of metric events; 200 when it is committed.</summary>
internal static class EventIntake
{
    public static Task<IResult> Take(HttpContext http, SegmentLog<MetricEvent> log, TimeProvider time) =>
        TelemetryIntake.TakeAsync(http, log, time, request => new EventElementReader(request));
}
