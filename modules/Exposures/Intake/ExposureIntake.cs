using Delivery.Contracts.Exposures;
using Delivery.Contracts.Http;
using Delivery.Exposures.Privacy;
using Delivery.Segments;
using Delivery.Segments.Intake;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Delivery.Exposures.Intake;

/// <summary><c>POST /sdk/v1/exposures</c>.</summary>
internal static class ExposureIntake
{
    public static async Task<IResult> Take(
        HttpContext http, SegmentLog<RecordedExposure> log, TimeProvider time, PrivacyRules privacy, IOptions<ExposureOptions> options)
    {
        var filter = await privacy.ForAsync(http.Environment(), http.RequestAborted);
        return await TelemetryIntake.TakeAsync(http, log, time, request => new ExposureElementReader(request, options.Value, filter));
    }
}
