using System.Text.Json;
using Delivery.Contracts.Commands;
using Delivery.Evaluation;
using Delivery.Targeting.Live;
using Marten;
using Mediator;

namespace Delivery.Targeting.Flags;

/// <summary>Defines a flag. What is left out is filled in so that a key and the type boolean are enough.</summary>
internal sealed record CreateFlag(
    Audit Audit,
    string Key,
    FlagType Type,
    IReadOnlyList<Variant>? Variants,
    string? OffVariant,
    string? Owner,
    IReadOnlyList<string>? Tags,
    string? Description,
    DateOnly? ExpiresOn,
    bool ClientVisible,
    IReadOnlyDictionary<string, FlagConfiguration>? Environments) : Command(Audit);

internal static class FlagCreation
{
    private static readonly JsonElement True = JsonSerializer.SerializeToElement(true);
    private static readonly JsonElement False = JsonSerializer.SerializeToElement(false);

    /// <summary>On before off, as people read them.</summary>
    private static readonly IReadOnlyList<Variant> OnAndOff = [new Variant { Key = "on", Value = True }, new Variant { Key = "off", Value = False }];

    public static FlagCreated Event(CreateFlag command)
    {
        var variants = command.Variants ?? (command.Type == FlagType.Boolean ? OnAndOff : []);
        var identity = new FlagIdentity
        {
            Type = command.Type,
            Variants = variants,
            OffVariant = command.OffVariant ?? Off(variants),
            Owner = command.Owner,
            Tags = command.Tags ?? [],
            Description = command.Description,
            ExpiresOn = command.ExpiresOn,
            ClientVisible = command.ClientVisible,
        };
        return new FlagCreated(command.Key, identity, command.Environments ?? new Dictionary<string, FlagConfiguration>());
    }

    /// <param name="rulesets">The environments' present rulesets.</param>
    public static Decision Decide(CreateFlag command, Flag? existing, IReadOnlyDictionary<string, Ruleset> rulesets)
    {
        var created = Event(command);
        var faults = FaultsOf(created, rulesets).ToList();
        if (faults.Count > 0)
            return Decision.Invalid(faults);
        if (existing is null)
            return Decision.Of(created);
        return existing.Version == 1 && Same(existing, created)
            ? Decision.Nothing
            : Decision.Refused("flag-exists", $"There is a flag '{command.Key}' already{(existing.Archived ? "; it is archived, and a key is never used twice" : "")}.");
    }

    private static IEnumerable<FieldError> FaultsOf(FlagCreated created, IReadOnlyDictionary<string, Ruleset> rulesets)
    {
        if (!Keys.IsKebab(created.Key))
            yield return new FieldError("key", Keys.Accepted);
        if (Keys.IsTaken(created.Key))
            yield return new FieldError("key", $"another word: /api/v1/flags/{created.Key} is a path of its own");
        foreach (var fault in Faults.Of(created.Identity))
            yield return fault;
        foreach (var (environment, configuration) in created.Environments)
        {
            if (!rulesets.TryGetValue(environment, out var ruleset))
                yield return new FieldError($"environments.{environment}", "the key of an environment that exists");
            foreach (var fault in Faults.Of(configuration, created.Key, created.Identity, ruleset ?? new Ruleset()))
                yield return fault with { Field = $"environments.{environment}.{fault.Field}" };
            if (configuration.Rules.Any(rule => rule?.ManagedBy is not null))
                yield return new FieldError($"environments.{environment}.rules", "rules without managedBy: rollouts make their own");
        }
    }

    private static string Off(IReadOnlyList<Variant> variants) =>
        (variants.FirstOrDefault(v => v.Key == "off") ?? variants.FirstOrDefault(v => v.Value.ValueKind == JsonValueKind.False) ?? (variants is [var first, ..] ? first : null))?.Key ?? "";

    private static bool Same(Flag flag, FlagCreated created) =>
        JsonSame(flag.Identity, created.Identity)
        && JsonSame(flag.Environments.ToDictionary(e => e.Key, e => e.Value.Configuration), created.Environments.ToDictionary());

    private static bool JsonSame<T>(T a, T b) => JsonElement.DeepEquals(
        JsonSerializer.SerializeToElement(a, Contracts.Http.Json.Options), JsonSerializer.SerializeToElement(b, Contracts.Http.Json.Options));
}

internal sealed class CreateFlagHandler(IDocumentSession session, FlagWriter writer, LiveRulesets live) : ICommandHandler<CreateFlag, Outcome>
{
    public async ValueTask<Outcome> Handle(CreateFlag command, CancellationToken cancellationToken)
    {
        var existing = await session.LoadAsync<Flag>(Flag.Stream(command.Key), cancellationToken);
        return FlagCreation.Decide(command, existing, live.Rulesets()) switch
        {
            Decision.Refuse refused => refused.Outcome,
            Decision.Append { Events: [FlagCreated created] } => await writer.StartAsync(created, cancellationToken),
            _ => new Outcome.Done("flag", command.Key, existing!.Version, Changed: false),
        };
    }
}
