using Delivery.Contracts.Http;
using Delivery.Server.Access;
using Delivery.Server.ShortRoad;
using Scalar.AspNetCore;

namespace Delivery.Server.Http;

/// <summary>What all endpoints share: JSON dialect, problem details, limits, OpenAPI.</summary>
internal static class HttpApiSetup
{
    /// <summary>Management documents; the intake endpoints raise it for themselves.</summary>
    private const long LargestBody = 4 * 1024 * 1024;

    /// <summary>Of each connection, before anybody reads it: a thousand senders of an overloaded server wait with the rest on their side.</summary>
    private const long LargestUnread = 64 * 1024;

    public static void AddHttpApi(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LargestBody;
            kestrel.Limits.MaxRequestBufferSize = LargestUnread;
        });
        builder.Services.ConfigureHttpJsonOptions(options => Json.Configure(options.SerializerOptions));
        builder.Services.AddProblemDetails();
        builder.Services.AddExceptionHandler<ProblemAnswers>();
        builder.Services.AddOpenApi("v1", options => options.AddDocumentTransformer<ApiDescription>());
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddAntiforgery();
        builder.AddShortRoad();
    }

    public static void UseHttpApi(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseShortRoad();
        app.UseStatusCodePages(EmptyErrorPages.Fill);
        app.UseAuthentication();
        app.UseKeyCors();
        app.UseAuthorization();
        app.UseQueryCheck();
        app.UseEnvironmentCheck();
        app.UseAntiforgery();
    }

    /// <summary>The API's description is open: it tells what there is, not what is in it.</summary>
    public static void MapApiReference(this WebApplication app)
    {
        app.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous();
        app.MapScalarApiReference("/scalar", options => options.WithTitle("Delivery API")).AllowAnonymous();
    }
}
