using Delivery.Contracts.Access;
using Delivery.Contracts.Commands;
using Delivery.Contracts.Http;
using Delivery.Contracts.Targeting;
using Marten;
using Mediator;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Delivery.Exposures.Privacy;

/// <summary>Sets what the ledger keeps of an environment's attributes from now on. The same again changes nothing.</summary>
internal sealed record SetLedgerPrivacy(Audit Audit, string Environment, IReadOnlyDictionary<string, AttributeHandling> Attributes) : Command(Audit)
{
    public override AccessRole RequiredRole => AccessRole.Admin;
}

internal sealed class SetLedgerPrivacyHandler(IDocumentSession session, ISender sender, IOptions<PrivacyOptions> options)
    : ICommandHandler<SetLedgerPrivacy, Outcome>
{
    private const int MostAttributes = 200;
    private const int LongestName = 200;

    public async ValueTask<Outcome> Handle(SetLedgerPrivacy command, CancellationToken cancellationToken)
    {
        if (Faults(command).ToList() is { Count: > 0 } faults)
            return new Outcome.Invalid(faults);
        if (!await sender.Send(new KnowsEnvironment(command.Environment), cancellationToken))
            return new Outcome.NotFound("environment", command.Environment);
        if (command.Attributes.Values.Contains(AttributeHandling.Hash) && options.Value.HashKeyBytes is null)
            return new Outcome.Refused("no-hash-key", $"Attributes are hashed with a secret: set {PrivacyOptions.Section}:{nameof(PrivacyOptions.HashKey)} on the server first.");
        var stream = await session.Events.FetchForWriting<LedgerPrivacy>(LedgerPrivacy.Stream(command.Environment), cancellationToken);
        var version = stream.CurrentVersion ?? 0;
        if (command.Audit.ExpectedVersion is { } expected && expected != version)
            return new Outcome.Stale("ledger-privacy", command.Environment, expected, version);
        if (IsSame(stream.Aggregate?.Attributes, command.Attributes))
            return new Outcome.Done("ledger-privacy", command.Environment, version, Changed: false);
        stream.AppendOne(new LedgerPrivacySet(command.Environment, command.Attributes));
        return new Outcome.Done("ledger-privacy", command.Environment, version + 1);
    }

    private static IEnumerable<FieldError> Faults(SetLedgerPrivacy command)
    {
        if (command.Attributes.Count > MostAttributes)
            yield return new FieldError("attributes", $"at most {MostAttributes} attributes");
        foreach (var name in command.Attributes.Keys.Where(name => name.Length is 0 or > LongestName || name.Contains('\0', StringComparison.Ordinal)))
            yield return new FieldError($"attributes.{name}", $"an attribute's name of 1 to {LongestName} characters; of an object its own name, not a path into it");
    }

    private static bool IsSame(IReadOnlyDictionary<string, AttributeHandling>? present, IReadOnlyDictionary<string, AttributeHandling> asked) =>
        (present?.Count ?? 0) == asked.Count && asked.All(one => present!.TryGetValue(one.Key, out var handling) && handling == one.Value);
}

/// <summary>What the ledger is to keep of an environment's attributes.</summary>
/// <param name="Environment">The environment's key.</param>
/// <param name="Attributes">Attributes to <c>hash</c> or <c>omit</c>, by name; the whole list. All others are kept as they are, if a rule reads them.</param>
/// <param name="Comment">Why.</param>
internal sealed record PrivacyDocument(string Environment, IReadOnlyDictionary<string, AttributeHandling> Attributes, string? Comment = null);

/// <summary>What the ledger keeps of an environment's attributes.</summary>
internal sealed record PrivacyView(string Environment, IReadOnlyDictionary<string, AttributeHandling> Attributes, bool CanHash, long Version);

/// <summary><c>/api/v1/ledger/privacy</c>.</summary>
internal static class LedgerPrivacyEndpoints
{
    public static async Task<IResult> Get(HttpContext http, IQuerySession session, IOptions<PrivacyOptions> options, CancellationToken cancellationToken)
    {
        if (http.Request.Query["environment"].ToString() is not { Length: > 0 } environment)
            throw new InvalidRequest("environment", "an environment's key");
        var privacy = await session.LoadAsync<LedgerPrivacy>(LedgerPrivacy.Stream(environment), cancellationToken);
        return Results.Json(
            new PrivacyView(environment, privacy?.Attributes ?? new Dictionary<string, AttributeHandling>(), options.Value.HashKeyBytes is not null, privacy?.Version ?? 0), Json.Options)
            .WithVersion(privacy?.Version ?? 0);
    }

    public static async Task<IResult> Put(Body<PrivacyDocument> body, HttpContext http, ISender sender, PrivacyRules rules, CancellationToken cancellationToken)
    {
        var (environment, attributes, comment) = body.Value;
        var outcome = await sender.Send(new SetLedgerPrivacy(http.Audit(comment), environment, attributes), cancellationToken);
        rules.Forget(environment);
        return outcome.ToResult();
    }
}
