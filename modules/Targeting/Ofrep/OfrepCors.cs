using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Delivery.Targeting.Ofrep;

/// <summary>Lets pages of the configured origins call OFREP: before everything else, so that a refusal, too, can be read by the page.</summary>
internal sealed class OfrepCors(IOptions<OfrepOptions> options) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        if (options.Value.AllowedOrigins.Count > 0)
            app.UseWhen(http => http.Request.Path.StartsWithSegments("/ofrep", StringComparison.Ordinal), ofrep => ofrep.UseCors(Allow));
        next(app);
    };

    private void Allow(CorsPolicyBuilder policy)
    {
        policy.WithMethods(HttpMethods.Get, HttpMethods.Post)
            .WithHeaders("Authorization", "X-API-Key", "Content-Type", "If-None-Match", "Last-Event-ID")
            .WithExposedHeaders("ETag", "Retry-After");
        if (options.Value.AllowedOrigins.Contains("*"))
            policy.AllowAnyOrigin();
        else
            policy.WithOrigins([.. options.Value.AllowedOrigins]);
    }
}
