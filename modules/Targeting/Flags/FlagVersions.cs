using System.Text.Json;
using Delivery.Contracts.Access;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Http;
using Delivery.Contracts.Targeting;
using Delivery.Evaluation;
using Delivery.Targeting.Live;
using Marten;
using Mediator;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Delivery.Targeting.Flags;

/// <summary>Brings a flag's definition and configurations back to those of an earlier version, as new events. Kills and releases are not touched: they belong to now.</summary>
internal sealed record RestoreVersion(Audit Audit, string Key, long Version) : Command(Audit);

/// <summary>The version to go back to.</summary>
internal sealed record RestoreRequest(long Version, string? Comment = null);

internal static class FlagVersionEndpoints
{
    public static void MapFlagVersions(this IEndpointRouteBuilder endpoints)
    {
        var flags = endpoints.MapGroup("/api/v1/flags/{key}").WithTags("Flags").RequireAuthorization(AccessPolicy.Operator);
        flags.MapGet("diff", Diff).WithSummary("What changed between two versions: ?from= to=");
        flags.MapPost("versions/restore", Restore).WithSummary("Brings definition and configurations of an earlier version back, as new events");
    }

    private static async Task<IResult> Diff(string key, long from, IQuerySession session, CancellationToken cancellationToken, long? to = null)
    {
        var events = await session.Events.FetchStreamAsync(Flag.Stream(key), token: cancellationToken);
        if (events.Count == 0)
            return Problems.NotFound("flag", key);
        var newest = events[^1].Version;
        if (from < 1 || from > newest || (to ?? newest) < 1 || (to ?? newest) > newest)
            throw new InvalidRequest(from < 1 || from > newest ? "from" : "to", $"a version from 1 to {newest}");
        var before = FlagHistory.Fold(events.Where(e => e.Version <= from))!;
        var after = FlagHistory.Fold(events.Where(e => e.Version <= (to ?? newest)))!;
        return Results.Json(new { from, to = to ?? newest, differences = Differences.Between(before, after) }, Json.Options);
    }

    private static async Task<IResult> Restore(string key, Body<RestoreRequest> body, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
        (await sender.Send(new RestoreVersion(http.Audit(body.Value.Comment), key, body.Value.Version), cancellationToken)).ToResult();
}

internal static class Differences
{
    public static IReadOnlyList<Difference> Between(Flag before, Flag after)
    {
        var environments = before.Environments.Keys.Union(after.Environments.Keys).Order(StringComparer.Ordinal).ToList();
        return Between(Comparable(before, environments), Comparable(after, environments));
    }

    public static IReadOnlyList<Difference> Between(JsonElement before, JsonElement after) => [.. Walk("", before, after)];

    /// <summary>What a person would compare: no times, no sequences.</summary>
    private static JsonElement Comparable(Flag flag, IReadOnlyList<string> environments) => JsonSerializer.SerializeToElement(
        new
        {
            flag.Identity,
            flag.Archived,
            Environments = environments.ToDictionary(key => key, key => new { flag.In(key).Configuration, flag.In(key).Killed, flag.In(key).Releases }),
        },
        Json.Options);

    private static IEnumerable<Difference> Walk(string path, JsonElement? before, JsonElement? after)
    {
        if (before is { ValueKind: JsonValueKind.Object } b && after is { ValueKind: JsonValueKind.Object } a)
            return b.EnumerateObject().Concat(a.EnumerateObject()).Select(member => member.Name).Distinct(StringComparer.Ordinal)
                .SelectMany(name => Walk(path.Length == 0 ? name : $"{path}.{name}", Member(b, name), Member(a, name)));
        if (before is { ValueKind: JsonValueKind.Array } earlier && after is { ValueKind: JsonValueKind.Array } later)
            return Enumerable.Range(0, Math.Max(earlier.GetArrayLength(), later.GetArrayLength()))
                .SelectMany(i => Walk($"{path}[{i}]", Item(earlier, i), Item(later, i)));
        return before is { } x && after is { } y && JsonElement.DeepEquals(x, y) ? [] : [new Difference(path, before, after)];
    }

    private static JsonElement? Member(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value : null;

    private static JsonElement? Item(JsonElement json, int index) => index < json.GetArrayLength() ? json[index] : null;
}

internal static class VersionRestoring
{
    /// <param name="rulesets">The environments' present rulesets: what the earlier version refers to may be gone, or refer to the flag by now.</param>
    public static Decision Decide(Flag present, Flag then, IReadOnlyDictionary<string, Ruleset> rulesets)
    {
        if (present.Archived)
            return Refusals.Archived(present);
        if (FaultsOf(present, then, rulesets).ToList() is { Count: > 0 } faults)
            return Decision.Invalid(faults);
        var events = new List<object>();
        if (!Same(present.Identity, then.Identity))
            events.Add(new FlagDefined(then.Identity));
        foreach (var environment in present.Environments.Keys.Union(then.Environments.Keys).Order(StringComparer.Ordinal))
        {
            if (!Same(present.In(environment).Configuration, then.In(environment).Configuration))
                events.Add(new FlagConfigured(environment, then.In(environment).Configuration));
        }

        var missing = present.Environments.SelectMany(pair => pair.Value.Releases).FirstOrDefault(release => then.Identity.Variants.All(v => v.Key != release.Variant));
        return missing is null
            ? new Decision.Append(events)
            : Decision.Refused("variant-in-use", $"The rollout '{missing.Rollout}' releases the variant '{missing.Variant}', which that version lacks.");
    }

    private static IEnumerable<FieldError> FaultsOf(Flag present, Flag then, IReadOnlyDictionary<string, Ruleset> rulesets) =>
        from environment in then.Environments.Keys
        where !Same(present.In(environment).Configuration, then.In(environment).Configuration)
        from fault in Faults.Of(then.In(environment).Configuration, then.Key, then.Identity, rulesets.GetValueOrDefault(environment) ?? new Ruleset())
        select fault with { Field = $"environments.{environment}.{fault.Field}" };

    private static bool Same<T>(T a, T b) =>
        JsonElement.DeepEquals(JsonSerializer.SerializeToElement(a, Json.Options), JsonSerializer.SerializeToElement(b, Json.Options));
}

internal sealed class RestoreVersionHandler(IDocumentSession session, FlagWriter writer, LiveRulesets live) : ICommandHandler<RestoreVersion, Outcome>
{
    public async ValueTask<Outcome> Handle(RestoreVersion command, CancellationToken cancellationToken)
    {
        var events = await session.Events.FetchStreamAsync(Flag.Stream(command.Key), token: cancellationToken);
        if (events.Count > 0 && (command.Version < 1 || command.Version > events[^1].Version))
            return new Outcome.Invalid("version", $"a version from 1 to {events[^1].Version}");
        return await writer.ChangeAsync(
            command.Audit, command.Key, flag => VersionRestoring.Decide(flag, FlagHistory.Fold(events.Where(e => e.Version <= command.Version))!, live.Rulesets()), cancellationToken);
    }
}
