using Delivery.Contracts.Commands;
using Microsoft.AspNetCore.Http;

namespace Delivery.Contracts.Http;

/// <summary>RFC 9457 problem details, one shape everywhere: <c>type</c> is <c>urn:delivery:problem:CODE</c>, <c>code</c> repeats it for programs.</summary>
public static class Problems
{
    /// <summary>400 naming each field and what would be accepted, in <c>errors</c>: field to messages.</summary>
    public static IResult Invalid(IReadOnlyList<FieldError> errors, int status = StatusCodes.Status400BadRequest) => Results.Problem(
        title: "The request can't be taken",
        detail: string.Join("; ", errors.Select(e => $"{e.Field}: {e.Message}")),
        statusCode: status,
        type: "urn:delivery:problem:invalid",
        extensions: new Dictionary<string, object?>
        {
            ["code"] = "invalid",
            ["errors"] = errors.GroupBy(e => e.Field).ToDictionary(g => g.Key, g => g.Select(e => e.Message).ToArray()),
        });

    /// <summary>404 that says what was looked for.</summary>
    public static IResult NotFound(string kind, string key) =>
        Problem(StatusCodes.Status404NotFound, $"{kind}-not-found", $"There is no {kind} '{key}'.");

    /// <summary>412 that says which version is there now.</summary>
    public static IResult Stale(Outcome.Stale stale) => Results.Problem(
        title: "Someone changed it meanwhile",
        detail: stale.ActualVersion is { } actual
            ? $"The {stale.Kind} '{stale.Key}' is at version {actual}; If-Match said {stale.ExpectedVersion}. Read it again and repeat the change."
            : $"The {stale.Kind} '{stale.Key}' was changed by another request at the same moment. Read it again and repeat the change.",
        statusCode: StatusCodes.Status412PreconditionFailed,
        type: "urn:delivery:problem:stale",
        extensions: new Dictionary<string, object?> { ["code"] = "stale", ["actualVersion"] = stale.ActualVersion });

    /// <summary>A problem with a stable code and a sentence for people.</summary>
    public static IResult Problem(int status, string code, string detail) => Results.Problem(
        title: Title(status),
        detail: detail,
        statusCode: status,
        type: $"urn:delivery:problem:{code}",
        extensions: new Dictionary<string, object?> { ["code"] = code });

    private static string Title(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "A valid key is needed",
        StatusCodes.Status403Forbidden => "The key's role does not reach",
        StatusCodes.Status404NotFound => "Not found",
        StatusCodes.Status409Conflict => "The present state forbids it",
        StatusCodes.Status413PayloadTooLarge => "The body is too large",
        StatusCodes.Status429TooManyRequests => "Too much at once",
        StatusCodes.Status503ServiceUnavailable => "Not available now",
        _ => "The request failed",
    };
}
