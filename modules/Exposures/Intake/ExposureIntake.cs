using Delivery.Contracts.Exposures;
using Delivery.Segments;
using Delivery.Segments.Intake;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Delivery.Exposures.Intake;

/// <summary><c>POST /sdk/v1/exposures</c>.</summary>
internal static class ExposureIntake
{
    public static Task<IResult> Take(HttpContext http, SegmentLog<RecordedExposure> log, TimeProvider time, IOptions<ExposureOptions> options) =>
        TelemetryIntake.TakeAsync(http, log, time, request => new ExposureElementReader(request, options.Value));
}
