using System.Text.Json;
using Delivery.Contracts.Access;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Http;
using Delivery.Evaluation;
using Delivery.Targeting.Live;
using Mediator;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Delivery.Targeting.Flags;

/// <summary>
/// Gives an environment the configuration that another one has. Releases and kills stay where they are: they belong to
/// their environment. Repeating it changes nothing.
/// </summary>
internal sealed record CopyConfiguration(Audit Audit, string Key, string From, string To) : Command(Audit);

/// <summary>Where to copy from.</summary>
internal sealed record CopyRequest(string From, string? Comment = null);

internal static class ConfigurationCopying
{
    public static Decision Decide(CopyConfiguration command, Flag flag, Ruleset surroundings)
    {
        if (flag.Archived)
            return Refusals.Archived(flag);
        var wanted = flag.In(command.From).Configuration;
        if (Faults.Of(wanted, flag.Key, flag.Identity, surroundings).ToList() is { Count: > 0 } faults)
            return Decision.Invalid(faults);
        return JsonElement.DeepEquals(Written(wanted), Written(flag.In(command.To).Configuration))
            ? Decision.Nothing
            : Decision.Of(new FlagConfigured(command.To, wanted));
    }

    public static JsonElement Written(FlagConfiguration configuration) => JsonSerializer.SerializeToElement(configuration, Json.Options);
}

internal sealed class CopyConfigurationHandler(FlagWriter writer, LiveRulesets live) : ICommandHandler<CopyConfiguration, Outcome>
{
    public async ValueTask<Outcome> Handle(CopyConfiguration command, CancellationToken cancellationToken) =>
        live.Find(command.From) is null
            ? new Outcome.NotFound("environment", command.From)
            : await writer.ChangeInAsync(
                command.Audit, command.Key, command.To, flag => ConfigurationCopying.Decide(command, flag, live.Ruleset(command.To)), cancellationToken);
}

internal static class CopyConfigurationEndpoints
{
    public static void MapCopyConfiguration(this IEndpointRouteBuilder endpoints)
    {
        var environment = endpoints.MapGroup("/api/v1/flags/{key}/environments/{environment}").WithTags("Flags").RequireAuthorization(AccessPolicy.Operator);
        environment.MapGet("diff", Diff).WithSummary("What a copy from ?from= would change here");
        environment.MapPost("copy", Copy).WithSummary("Takes over the configuration of another environment");
    }

    private static IResult Diff(string key, string environment, string from, LiveRulesets live)
    {
        if (live.Flags.FirstOrDefault(flag => flag.Key == key) is not { } flag)
            return Problems.NotFound("flag", key);
        if (new[] { environment, from }.FirstOrDefault(name => live.Find(name) is null) is { } missing)
            return Problems.NotFound("environment", missing);
        var differences = Differences.Between(
            ConfigurationCopying.Written(flag.In(environment).Configuration), ConfigurationCopying.Written(flag.In(from).Configuration));
        return Results.Json(new { from, to = environment, differences }, Json.Options).WithVersion(flag.Version);
    }

    private static async Task<IResult> Copy(
        string key, string environment, Body<CopyRequest> body, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
        (await sender.Send(new CopyConfiguration(http.Audit(body.Value.Comment), key, body.Value.From, environment), cancellationToken)).ToResult();
}
