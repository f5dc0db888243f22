using Delivery.Contracts.Access;
using Delivery.Contracts.Http;
using Delivery.Plugins.Host;

namespace Delivery.Server.Plugins;

internal static class PluginEndpoints
{
    public static void MapPlugins(this WebApplication app)
    {
        var plugins = app.MapGroup("/api/v1/plugins").WithTags("Plugins").RequireAuthorization(AccessPolicy.Operator);
        plugins.MapGet("", List).WithSummary("Lists plugins and their instances: health, versions, capabilities, configuration without secrets").Produces<Page<PluginView>>();
        plugins.MapPost("{name}/check", Check).WithSummary("Asks an instance's backend whether all is well").Produces<PluginCheck>();
    }

    private static IResult List(PluginReport report, Paging paging) => Results.Ok(paging.Cut(report.List(), p => p.Name));

    private static async Task<IResult> Check(string name, PluginReport report, CancellationToken cancellationToken) =>
        await report.CheckAsync(name, cancellationToken) is { } check ? Results.Ok(check) : Problems.NotFound("plugin-instance", name);
}
