using Delivery.Contracts.Http;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Delivery.Server.Http;

/// <summary>Turns what an endpoint throws into problem details; what we did not foresee is logged and answered as 500 without its inside.</summary>
internal sealed partial class ProblemAnswers(ILogger<ProblemAnswers> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (httpContext.RequestAborted.IsCancellationRequested)
            return true;
        var answer = Answer(exception);
        if (ErrorDialect.Of(httpContext) is { } dialect && answer is ProblemHttpResult { ProblemDetails: var problem })
            await dialect.AnswerAsync(httpContext, problem.Status ?? StatusCodes.Status500InternalServerError, problem.Detail ?? problem.Title ?? "The request failed.");
        else
            await answer.ExecuteAsync(httpContext);
        return true;
    }

    private IResult Answer(Exception exception)
    {
        switch (exception)
        {
            case InvalidRequest invalid:
                return Problems.Invalid(invalid.Errors, invalid.StatusCode);
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return Problems.Problem(StatusCodes.Status413PayloadTooLarge, "body-too-large", "The body is larger than this endpoint takes.");
            case BadHttpRequestException bad:
                return Problems.Invalid([new(Field(bad), bad.Message)], bad.StatusCode);
            case Unavailable unavailable:
                return Problems.Problem(StatusCodes.Status503ServiceUnavailable, unavailable.Code, unavailable.Message);
            case NpgsqlException { IsTransient: true }:
                LogUnavailable(exception);
                return Problems.Problem(StatusCodes.Status503ServiceUnavailable, "database-unavailable", "The database does not answer; nothing was changed. Try again.");
            default:
                LogUnforeseen(exception);
                return Problems.Problem(StatusCodes.Status500InternalServerError, "internal", "The server failed; the log says why.");
        }
    }

    /// <summary>The framework names the parameter in quotes: <c>Failed to bind parameter "int limit" from "x".</c></summary>
    private static string Field(BadHttpRequestException bad) =>
        bad.Message.Split('"') is { Length: > 1 } parts ? parts[1].Split(' ')[^1] : "request";

    [LoggerMessage(1010, LogLevel.Error, "A request failed in a way nobody foresaw.")]
    private partial void LogUnforeseen(Exception exception);

    [LoggerMessage(1011, LogLevel.Warning, "The database does not answer.")]
    private partial void LogUnavailable(Exception exception);
}
