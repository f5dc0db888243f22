using Delivery.Contracts.Http;
using Microsoft.AspNetCore.Diagnostics;

namespace Delivery.Server.Http;

/// <summary>Gives an error answer that the framework left empty (no such path, wrong method, wrong content type) its problem details.</summary>
internal static class EmptyErrorPages
{
    public static Task Fill(StatusCodeContext context)
    {
        var http = context.HttpContext;
        var (code, detail) = http.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => ("no-such-path", $"There is nothing at {http.Request.Path}; /openapi/v1.json lists what there is."),
            StatusCodes.Status405MethodNotAllowed => ("method-not-allowed", $"{http.Request.Path} does not take {http.Request.Method}; it takes {http.Response.Headers.Allow}."),
            StatusCodes.Status413PayloadTooLarge => ("body-too-large", "The body is larger than this endpoint takes."),
            StatusCodes.Status415UnsupportedMediaType => ("unsupported-media-type", "Send the content type that /openapi/v1.json names for this endpoint."),
            var status => ($"status-{status}", "The request failed."),
        };
        return Problems.Problem(http.Response.StatusCode, code, detail).ExecuteAsync(http);
    }
}
