using Delivery.Evaluation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Delivery.Client;

/// <summary>One <see cref="DeliveryRequest"/> per HTTP request.</summary>
public static class RequestScope
{
    /// <summary>
    /// Begins a scope for each HTTP request and completes it with the duration, the route, and an error for status 500
    /// and above or an exception. Put it after routing and before the endpoints.
    /// </summary>
    /// <param name="app">The application.</param>
    /// <param name="context">Says who the request is for; null for nobody.</param>
    /// <returns>The application.</returns>
    public static IApplicationBuilder UseDelivery(this IApplicationBuilder app, Func<HttpContext, EvaluationContext?> context)
    {
        var client = app.ApplicationServices.GetRequiredService<DeliveryClient>();
        return app.Use(next => http => RunAsync(client, http, context(http), next));
    }

    /// <summary>The scope of this HTTP request.</summary>
    /// <param name="http">The HTTP request.</param>
    /// <returns>The scope.</returns>
    /// <exception cref="InvalidOperationException"><see cref="UseDelivery"/> is not in the pipeline before this point.</exception>
    public static DeliveryRequest Delivery(this HttpContext http) =>
        http.Features.Get<DeliveryRequest>() ?? throw new InvalidOperationException("Call app.UseDelivery(...) before the endpoints.");

    private static async Task RunAsync(DeliveryClient client, HttpContext http, EvaluationContext? context, RequestDelegate next)
    {
        using var request = client.BeginRequest(context);
        http.Features.Set(request);
        var began = client.Time.GetTimestamp();
        var failed = true;
        try
        {
            await next(http);
            failed = http.Response.StatusCode >= StatusCodes.Status500InternalServerError;
        }
        finally
        {
            // A caller that hung up says nothing about the code that served it.
            if (!(failed && http.RequestAborted.IsCancellationRequested))
                request.Complete(client.Time.GetElapsedTime(began), failed, Route(http));
        }
    }

    private static Dictionary<string, string>? Route(HttpContext http) =>
        http.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } route } ? new Dictionary<string, string> { ["route"] = route } : null;
}
