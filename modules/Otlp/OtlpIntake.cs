using System.IO.Hashing;
using System.Security.Claims;
using Delivery.Contracts.Access;
using Delivery.Contracts.Http;
using Delivery.Segments;
using Delivery.Segments.Intake;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Delivery.Otlp;

/// <summary>The road of one OTLP/HTTP request: body, signal, every consumer, answer. The answer means committed.</summary>
internal sealed class OtlpIntake(IOptions<OtlpOptions> options, TimeProvider time)
{
    private readonly MemoryBudget _budget = new(options.Value.BodyBytes);

    public async Task<IResult> TakeAsync<TExport>(HttpContext http, Func<long, string, IMessage> answer)
        where TExport : IMessage<TExport>, new()
    {
        if (OtlpBody.FormatOf(http.Request) is not { } format)
            return OtlpAnswer.Refusal(StatusCodes.Status415UnsupportedMediaType, $"Content-Type: {OtlpBody.Protobuf} or application/json", OtlpFormat.Json);
        try
        {
            return Answered(await ConsumedAsync<TExport>(http, format), answer, format);
        }
        catch (InvalidRequest e)
        {
            return OtlpAnswer.Refusal(e.StatusCode, e.Message, format);
        }
        catch (BadHttpRequestException e)
        {
            return OtlpAnswer.Refusal(e.StatusCode, e.Message, format);
        }
        catch (NpgsqlException e) when (e.IsTransient)
        {
            return Answered(new OtlpOutcome.Unavailable(), answer, format);
        }
    }

    private async Task<OtlpOutcome> ConsumedAsync<TExport>(HttpContext http, OtlpFormat format)
        where TExport : IMessage<TExport>, new()
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = IntakeBody.LargestBytes;
        // Held until all is committed: what was decoded lives as long, and is bounded by it.
        using var body = await IntakeBody.ReadAsync(http, _budget, http.RequestAborted);
        if (body is null)
            return new OtlpOutcome.TooMuch();
        var request = new OtlpRequest(
            http.Environment(), http.User.FindFirstValue(AccessPolicy.EnvironmentClaim) is { Length: > 0 }, XxHash128.HashToUInt128(body.Bytes), time.GetUtcNow());
        var export = OtlpBody.Read<TExport>(body.Bytes, format);
        var taken = new OtlpOutcome.Taken();
        foreach (var consumer in http.RequestServices.GetServices<IOtlpConsumer<TExport>>())
        {
            var outcome = await consumer.TakeAsync(request, export, http.RequestAborted);
            if (outcome is not OtlpOutcome.Taken part)
                return outcome;
            taken = new OtlpOutcome.Taken(
                Math.Max(taken.Rejected, part.Rejected), taken.Message is null || part.Message is null ? taken.Message ?? part.Message : $"{taken.Message} {part.Message}");
        }

        return taken;
    }

    private static OtlpAnswer Answered(OtlpOutcome outcome, Func<long, string, IMessage> answer, OtlpFormat format) => outcome switch
    {
        OtlpOutcome.Taken taken => new OtlpAnswer(StatusCodes.Status200OK, answer(taken.Rejected, taken.Message ?? ""), format),
        OtlpOutcome.TooMuch => OtlpAnswer.Refusal(
            StatusCodes.Status429TooManyRequests, "More is waiting to be written than the server holds. Send the same request again later.", format),
        OtlpOutcome.Unavailable => OtlpAnswer.Refusal(
            StatusCodes.Status503ServiceUnavailable, "The database did not confirm. Send the same request again.", format),
        _ => throw new InvalidOperationException($"unknown outcome {outcome.GetType().Name}"),
    };
}
