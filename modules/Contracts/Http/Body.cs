using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace Delivery.Contracts.Http;

/// <summary>
/// A JSON request body, read so that whatever is wrong with it becomes a problem-details answer naming the field and what
/// would be accepted: an unknown member, a wrong type, a missing member, a duplicate, invalid JSON, a wrong content type.
/// </summary>
/// <typeparam name="T">The document's type.</typeparam>
public sealed record Body<T>(T Value) : IEndpointParameterMetadataProvider
    where T : class
{
    /// <summary>Tells OpenAPI what the endpoint accepts.</summary>
    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata(["application/json"], typeof(T)));

    /// <summary>Called by the framework.</summary>
    /// <exception cref="InvalidRequest">The body can't be read.</exception>
    public static async ValueTask<Body<T>?> BindAsync(HttpContext http, ParameterInfo parameter)
    {
        using var json = await JsonBody.ReadAsync(http);
        try
        {
            return new Body<T>(JsonSerializer.Deserialize<T>(json, Json.Options) ?? throw new InvalidRequest("$", "a JSON object"));
        }
        catch (JsonException e)
        {
            throw new InvalidRequest(JsonFaults.Explain(e, typeof(T)));
        }
        catch (NotSupportedException e) when (JsonUnions.Fault(e, typeof(T)) is { } fault)
        {
            throw new InvalidRequest([fault]);
        }
    }
}
