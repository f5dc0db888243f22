using Delivery.Contracts.Http;
using Delivery.Evaluation;
using Microsoft.AspNetCore.Http;

namespace Delivery.Targeting.Ofrep;

/// <summary>
/// What the server refuses or fails on OFREP's behalf, in the protocol's shape: clients read an error only where there is an
/// <c>errorCode</c> (and, for one flag, its <c>key</c>).
/// </summary>
internal sealed class OfrepErrors : ErrorDialect
{
    public override Task AnswerAsync(HttpContext http, int status, string detail) =>
        OfrepJson.AnswerErrorAsync(http, status, PathValue(http, "key"), EvaluationError.General, detail);
}
