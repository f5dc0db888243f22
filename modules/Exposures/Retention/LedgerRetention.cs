using Delivery.Contracts.Access;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Http;
using Delivery.Contracts.Targeting;
using JasperFx.Events;
using Marten;
using Mediator;
using Microsoft.AspNetCore.Http;

namespace Delivery.Exposures.Retention;

/// <summary>How many days an environment's exposures are kept was set; null is for ever.</summary>
internal sealed record LedgerRetentionSet(string Environment, int? Days);

/// <summary>How long an environment's exposures are kept: the state of the stream <c>ledger-retention:ENVIRONMENT</c>.</summary>
internal sealed record LedgerRetention
{
    /// <summary>The stream's key.</summary>
    public required string Id { get; init; }

    public required string Environment { get; init; }

    /// <summary>Whole days after the day of receipt (UTC); null is for ever.</summary>
    public int? Days { get; init; }

    public int Version { get; set; }

    public static string Stream(string environment) => $"ledger-retention:{environment}";

    public static LedgerRetention Create(IEvent<LedgerRetentionSet> e) =>
        new() { Id = Stream(e.Data.Environment), Environment = e.Data.Environment, Days = e.Data.Days };

    public LedgerRetention Apply(IEvent<LedgerRetentionSet> e) => this with { Days = e.Data.Days };

    /// <summary>Whether rows received on a day are to go.</summary>
    public bool IsOver(DateOnly day, DateOnly today) => Days is { } days && day.AddDays(days) < today;
}

/// <summary>Sets how many days an environment's exposures are kept. The same again changes nothing.</summary>
internal sealed record SetLedgerRetention(Audit Audit, string Environment, int? Days) : Command(Audit)
{
    public override AccessRole RequiredRole => AccessRole.Admin;
}

internal sealed class SetLedgerRetentionHandler(IDocumentSession session, ISender sender) : ICommandHandler<SetLedgerRetention, Outcome>
{
    private const int MostDays = 36_500;

    public async ValueTask<Outcome> Handle(SetLedgerRetention command, CancellationToken cancellationToken)
    {
        if (command.Days is < 1 or > MostDays)
            return new Outcome.Invalid("days", $"whole days from 1 to {MostDays}, or null to keep them for ever");
        if (!await sender.Send(new KnowsEnvironment(command.Environment), cancellationToken))
            return new Outcome.NotFound("environment", command.Environment);
        var stream = await session.Events.FetchForWriting<LedgerRetention>(LedgerRetention.Stream(command.Environment), cancellationToken);
        var version = stream.CurrentVersion ?? 0;
        if (command.Audit.ExpectedVersion is { } expected && expected != version)
            return new Outcome.Stale("ledger-retention", command.Environment, expected, version);
        if (stream.Aggregate?.Days == command.Days)
            return new Outcome.Done("ledger-retention", command.Environment, version, Changed: false);
        stream.AppendOne(new LedgerRetentionSet(command.Environment, command.Days));
        return new Outcome.Done("ledger-retention", command.Environment, version + 1);
    }
}

/// <summary>How long an environment's exposures are to be kept.</summary>
/// <param name="Environment">The environment's key.</param>
/// <param name="Days">Whole days after the day of receipt (UTC), 1 to 36,500; null, or left out, is for ever.</param>
/// <param name="Comment">Why.</param>
internal sealed record RetentionDocument(string Environment, int? Days = null, string? Comment = null);

/// <summary>How long an environment's exposures are kept.</summary>
internal sealed record RetentionView(string Environment, int? Days, long Version);

/// <summary><c>/api/v1/ledger/retention</c>.</summary>
internal static class LedgerRetentionEndpoints
{
    public static async Task<IResult> Get(HttpContext http, IQuerySession session, CancellationToken cancellationToken)
    {
        if (http.Request.Query["environment"].ToString() is not { Length: > 0 } environment)
            throw new InvalidRequest("environment", "an environment's key");
        var retention = await session.LoadAsync<LedgerRetention>(LedgerRetention.Stream(environment), cancellationToken);
        return Results.Ok(new RetentionView(environment, retention?.Days, retention?.Version ?? 0)).WithVersion(retention?.Version ?? 0);
    }

    public static async Task<IResult> Put(Body<RetentionDocument> body, HttpContext http, ISender sender, CancellationToken cancellationToken)
    {
        var (environment, days, comment) = body.Value;
        return (await sender.Send(new SetLedgerRetention(http.Audit(comment), environment, days), cancellationToken)).ToResult();
    }
}
