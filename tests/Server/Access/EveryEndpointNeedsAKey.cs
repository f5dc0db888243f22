using System.Net;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Delivery.Server.Tests.Access;

public sealed class EveryEndpointNeedsAKey(RunningServer running) : IClassFixture<RunningServer>
{
    /// <summary>What is open on purpose: probes, the API's description, and the console's door and its static files.</summary>
    private static readonly string[] Open = ["health", "alive", "openapi", "scalar", "sign-in", "_framework", "_content", "_blazor", "ofrep/v1/stream"];

    [Fact]
    public void only_probes_the_description_and_the_consoles_door_are_open()
    {
        var open = Endpoints().Where(e => e.Metadata.GetMetadata<IAllowAnonymous>() is not null).Select(Path);
        open.Where(p => !Open.Any(o => p.StartsWith(o, StringComparison.Ordinal)) && !p.Contains('.', StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public void every_api_endpoint_names_the_role_it_asks_for()
    {
        var apis = Endpoints().Where(e => Path(e).StartsWith("api/", StringComparison.Ordinal) || Path(e).StartsWith("sdk/", StringComparison.Ordinal)
            || (Path(e).StartsWith("ofrep/", StringComparison.Ordinal) && !Path(e).StartsWith("ofrep/v1/stream", StringComparison.Ordinal))).ToList();
        apis.Count.ShouldBeGreaterThan(10);
        apis.Where(e => e.Metadata.GetOrderedMetadata<IAuthorizeData>().All(a => a.Policy is null)).Select(e => e.DisplayName).ShouldBeEmpty();
    }

    [Fact]
    public async Task without_a_key_every_get_of_the_api_is_refused_with_a_problem()
    {
        using var nobody = running.Server.With(null);
        foreach (var endpoint in Endpoints().Where(e => Path(e).StartsWith("api/v1", StringComparison.Ordinal)
                     && e.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("GET") == true))
        {
            var path = "/" + System.Text.RegularExpressions.Regex.Replace(Path(endpoint), "{[^}]*}", "x");
            var answer = await nobody.GetAsync(path, TestContext.Current.CancellationToken);
            answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized, path);
            answer.Content.Headers.ContentType?.MediaType.ShouldBe("application/problem+json", path);
        }
    }

    private List<RouteEndpoint> Endpoints()
    {
        using var client = running.Server.With(null);
        return running.Server.Services.GetServices<EndpointDataSource>().SelectMany(s => s.Endpoints).OfType<RouteEndpoint>().ToList();
    }

    private static string Path(RouteEndpoint endpoint) => endpoint.RoutePattern.RawText?.TrimStart('/') ?? "";
}
