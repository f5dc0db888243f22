using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Delivery.Server.Http;

/// <summary>The head of <c>/openapi/v1.json</c>: what the API is, and how to sign in.</summary>
internal sealed class ApiDescription : IOpenApiDocumentTransformer
{
    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Delivery",
            Version = "v1",
            Description = "Progressive delivery: flags, exposures, metrics, rollouts, alerts, and the record of who did what, when and why. "
                + "Every endpoint but /health and /alive needs a key: `Authorization: Bearer KEY` or `X-API-Key: KEY`. "
                + "Writes take `If-Match` (a stream version), `Idempotency-Key` and a comment; errors are RFC 9457 problem details.",
        };
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        document.Components.SecuritySchemes["key"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An access key." };
        document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("key", document)] = [] }];
        return Task.CompletedTask;
    }
}
