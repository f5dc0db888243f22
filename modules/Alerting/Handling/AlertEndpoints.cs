using Delivery.Alerting.Raising;
using Delivery.Alerting.Teams;
using Delivery.Contracts.Access;
using Delivery.Contracts.Alerting;
using Delivery.Contracts.Http;
using Marten;
using Mediator;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Delivery.Alerting.Handling;

/// <summary>A team as the caller writes it.</summary>
internal sealed record TeamDocument(string Name, IReadOnlyList<ChannelInput>? Channels = null, string? Comment = null);

/// <summary>A team as the API shows it; secrets are never shown.</summary>
internal sealed record TeamView(string Key, string Name, IReadOnlyList<ChannelView> Channels, long Version)
{
    public static TeamView Of(Team team) => new(
        team.Key, team.Name, team.Channels.Select(c => new ChannelView(c.Key, c.Kind, c.Url, c.SecretFingerprint)).ToList(), team.Version);
}

internal sealed record ChannelView(string Key, string Kind, string Url, string? SecretFingerprint);

/// <summary>Why; may be left out, and so may the body.</summary>
internal sealed record Why(string? Reason = null, string? Comment = null);

/// <summary>Until when an alert is silent.</summary>
internal sealed record Snooze(DateTimeOffset Until, string? Comment = null);

internal static class AlertEndpoints
{
    public static void MapAlertsAndTeams(this IEndpointRouteBuilder endpoints)
    {
        var teams = endpoints.MapGroup("/api/v1/teams").WithTags("Teams").RequireAuthorization(AccessPolicy.Operator);
        teams.MapGet("", Teams).WithSummary("Lists teams").Produces<Page<TeamView>>();
        teams.MapGet("{key}", OneTeam).WithSummary("Shows one team").Produces<TeamView>();
        teams.MapPut("{key}", PutTeam).RequireAuthorization(AccessPolicy.Admin).WithSummary("Makes a team, or changes its name and channels");

        var alerts = endpoints.MapGroup("/api/v1/alerts").WithTags("Alerts").RequireAuthorization(AccessPolicy.Operator);
        alerts.MapGet("", Alerts).WithSummary("Lists alerts, newest first: ?state= team= limit=");
        alerts.MapGet("dead-letters", DeadLetters).WithSummary("Lists alerts that a channel did not take and that are not tried again by themselves");
        alerts.MapGet("{id}", OneAlert).WithSummary("Shows one alert with its evidence");
        alerts.MapPost("{id}/acknowledge", (string id, HttpContext http, ISender sender, CancellationToken ct) =>
            Answer(sender.Send(new AcknowledgeAlert(http.Audit(), id), ct))).WithSummary("Says that someone looks at it");
        alerts.MapPost("{id}/resolve", (string id, Body<Why> body, HttpContext http, ISender sender, CancellationToken ct) =>
            Answer(sender.Send(new ResolveAlert(http.Audit(body.Value.Comment ?? body.Value.Reason), id, body.Value.Reason), ct))).WithSummary("Says that it is over");
        alerts.MapPost("{id}/snooze", (string id, Body<Snooze> body, HttpContext http, ISender sender, CancellationToken ct) =>
            Answer(sender.Send(new SnoozeAlert(http.Audit(body.Value.Comment), id, body.Value.Until), ct))).WithSummary("Silences it until a time");
        alerts.MapPost("{id}/deliveries/{channel}/retry", (string id, string channel, HttpContext http, ISender sender, CancellationToken ct) =>
            Answer(sender.Send(new RequeueDelivery(http.Audit(), id, channel), ct))).WithSummary("Tries a dead letter again");
    }

    private static async Task<IResult> Answer(ValueTask<Contracts.Commands.Outcome> sent) => (await sent).ToResult();

    private static async Task<IResult> Teams(IQuerySession session, Paging paging, CancellationToken cancellationToken)
    {
        var teams = await session.Query<Team>().ToListAsync(cancellationToken);
        return Results.Ok(paging.Cut(teams.Select(TeamView.Of), t => t.Key));
    }

    private static async Task<IResult> OneTeam(string key, IQuerySession session, CancellationToken cancellationToken) =>
        await session.LoadAsync<Team>(Team.Stream(key), cancellationToken) is { } team
            ? Results.Ok(TeamView.Of(team)).WithVersion(team.Version)
            : Problems.NotFound("team", key);

    private static async Task<IResult> PutTeam(string key, Body<TeamDocument> body, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
        (await sender.Send(new SetTeam(http.Audit(body.Value.Comment), key, body.Value.Name, body.Value.Channels ?? []), cancellationToken)).ToResult();

    private static async Task<IResult> Alerts(string? state, string? team, Paging paging, ISender sender, CancellationToken cancellationToken)
    {
        AlertState? wanted = null;
        if (state is not null)
            wanted = Enum.GetValues<AlertState>().Where(s => s.ToString().Equals(state, StringComparison.OrdinalIgnoreCase)).Cast<AlertState?>().FirstOrDefault()
                ?? throw new InvalidRequest("state", "raised, acknowledged, resolved or snoozed");
        return Results.Ok(new Page<AlertView>(await sender.Send(new ListAlerts(wanted, team, paging.Limit), cancellationToken), null));
    }

    private static async Task<IResult> DeadLetters(ISender sender, CancellationToken cancellationToken)
    {
        var alerts = await sender.Send(new ListAlerts(Limit: 1_000), cancellationToken);
        return Results.Ok(new Page<AlertView>(alerts.Where(a => a.Deliveries.Any(d => d.State == "given-up")).ToList(), null));
    }

    private static async Task<IResult> OneAlert(string id, IQuerySession session, CancellationToken cancellationToken) =>
        await session.LoadAsync<Alert>(Alert.Stream(id), cancellationToken) is { } alert
            ? Results.Ok(new { alert = alert.View(), alert.Evidence }).WithVersion(alert.Version)
            : Problems.NotFound("alert", id);
}
