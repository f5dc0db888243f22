using Delivery.Contracts.Access;
using Delivery.Contracts.Exposures;
using Delivery.Evaluation;
using Delivery.Targeting.Live;
using Microsoft.AspNetCore.Http;

namespace Delivery.Targeting.Ofrep;

/// <summary>One flag for a context. The hot one of the protocol's questions: it takes no service scope and one buffer a thread.</summary>
internal sealed class OfrepSingle(LiveRulesets live, KeyRates rates, IExposureSink exposures, TimeProvider time)
{
    public Task AnswerAsync(HttpContext http) => AnswerAsync(http, KeyHolder.Of(http.User));

    public async Task AnswerAsync(HttpContext http, KeyHolder key)
    {
        var flag = (string)http.Request.RouteValues["key"]!;
        var call = OfrepCall.Of(http, key);
        if (call.IsClient && !rates.TryTake(http, key.KeyId))
        {
            await OfrepJson.AnswerTooManyAsync(http, flag);
            return;
        }

        var request = await OfrepRequest.ReadAsync(http, time.GetUtcNow());
        if (live.Find(call.Environment) is not { } environment)
            await OfrepJson.AnswerErrorAsync(http, StatusCodes.Status400BadRequest, flag, EvaluationError.General, OfrepJson.NoSuchEnvironment(call.Environment));
        else if (request.Context is null)
            await OfrepJson.AnswerErrorAsync(http, StatusCodes.Status400BadRequest, flag, request.Error, request.Details);
        else
            Evaluate(http, call, environment.State.Snapshot, flag, request.Context);
    }

    private void Evaluate(HttpContext http, OfrepCall call, Snapshot snapshot, string key, EvaluationContext context)
    {
        var flag = snapshot.Find(key);
        var result = call.MaySee(flag.Definition) ? flag.Evaluate(context) : Snapshot.Empty.Evaluate(key, context);
        var buffer = AnswerBuffer.Take();
        OfrepJson.WriteResult(buffer.Json, key, result, call.Environment, context);
        buffer.Send(http, OfrepJson.Status(result.ErrorCode));
        if (call.Key.IsRecorded && result.HasValue)
            exposures.Offer(new ServedEvaluation(call.Environment, key, snapshot, context, result, time.GetUtcNow()));
    }
}
