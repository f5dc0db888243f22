using System.Text.Json;
using System.Text.Json.Serialization;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Http;
using Delivery.Statistics;
using Microsoft.AspNetCore.Http;

namespace Delivery.Metrics.Service;

/// <summary>Statistics as a service: thin HTTP over <see cref="Delivery.Statistics"/>, for notebooks and for whoever checks our numbers.</summary>
internal static class StatisticsEndpoints
{
    /// <summary>A number that is missing is told as null beside the reason, not left out.</summary>
    private static readonly JsonSerializerOptions WithNulls = new(Json.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.Never };

    public static IResult Compare(Body<CompareRequest> body) => CompareService.Compare(body.Value) switch
    {
        CompareOutcome.Compared compared => Results.Json(compared, WithNulls),
        CompareOutcome.Believed believed => Results.Json(believed, WithNulls),
        CompareOutcome.Invalid invalid => Invalid(invalid.Errors),
        var other => throw new InvalidOperationException($"unknown outcome {other.GetType().Name}"),
    };

    public static IResult Srm(Body<SrmRequest> body) => SrmService.Test(body.Value) switch
    {
        SrmAnswer.Tested tested => Results.Json(tested, WithNulls),
        SrmAnswer.Invalid invalid => Invalid(invalid.Errors),
        var other => throw new InvalidOperationException($"unknown answer {other.GetType().Name}"),
    };

    public static IResult Power(Body<PowerRequest> body) => PowerService.Plan(body.Value) switch
    {
        PowerAnswer.Planned planned => Results.Json(planned, WithNulls),
        PowerAnswer.Invalid invalid => Invalid(invalid.Errors),
        var other => throw new InvalidOperationException($"unknown answer {other.GetType().Name}"),
    };

    private static IResult Invalid(IReadOnlyList<InvalidField> errors) =>
        Problems.Invalid([.. errors.Select(e => new FieldError(e.Field, e.Accepted))]);
}
