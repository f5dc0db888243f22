using Delivery.Contracts.Access;
using Delivery.Contracts.Exposures;
using Delivery.Evaluation;
using Delivery.Targeting.Live;
using Microsoft.AspNetCore.Http;

namespace Delivery.Targeting.Ofrep;

/// <summary>One flag for a context. The hot one of the protocol's questions: it takes no service scope and one buffer a thread.</summary>
internal sealed class OfrepSingle(LiveRulesets live, KeyRates rates, IExposureSink exposures, TimeProvider time)
{
    public Task AnswerAsync(HttpContext http) => AnswerAsync(http, KeyHolder.Of(http.User), (string)http.Request.RouteValues["key"]!);

    public Task AnswerAsync(HttpContext http, KeyHolder key, string flag)
    {
        var call = OfrepCall.Of(http, key);
        if (call.IsClient && !rates.TryTake(http, key.KeyId))
            return OfrepJson.AnswerTooManyAsync(http, flag);
        var now = time.GetUtcNow();
        return OfrepRequest.TryRead(http, now, out var request) ? AnswerAsync(http, call, flag, request, now) : ReadAsync(http, call, flag, now);
    }

    private async Task ReadAsync(HttpContext http, OfrepCall call, string flag, DateTimeOffset now) =>
        await AnswerAsync(http, call, flag, await OfrepRequest.ReadAsync(http, now), now);

    private Task AnswerAsync(HttpContext http, in OfrepCall call, string flag, in OfrepRequest request, DateTimeOffset now)
    {
        if (live.Find(call.Environment) is not { } environment)
            return OfrepJson.AnswerErrorAsync(http, StatusCodes.Status400BadRequest, flag, EvaluationError.General, OfrepJson.NoSuchEnvironment(call.Environment));
        if (request.Context is null)
            return OfrepJson.AnswerErrorAsync(http, StatusCodes.Status400BadRequest, flag, request.Error, request.Details);
        return EvaluateAsync(http, call, environment.State.Snapshot, flag, request.Context, now);
    }

    private Task EvaluateAsync(HttpContext http, in OfrepCall call, Snapshot snapshot, string key, EvaluationContext context, DateTimeOffset now)
    {
        var flag = snapshot.Find(key);
        var result = call.MaySee(flag.Definition) ? flag.Evaluate(context) : Snapshot.Empty.Evaluate(key, context);
        if (call.Key.IsRecorded && result.HasValue)
            exposures.Offer(new ServedEvaluation(call.Environment, key, snapshot, context, result, now));
        var buffer = AnswerBuffer.Take();
        OfrepJson.WriteResult(buffer.Json, key, result, call.Environment, context);
        return buffer.SendAsync(http, OfrepJson.Status(result.ErrorCode));
    }
}
