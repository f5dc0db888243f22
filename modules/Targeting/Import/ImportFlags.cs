using System.Text.Json;
using Delivery.Contracts.Commands;
using Delivery.Evaluation;
using Delivery.Targeting.Environments;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Live;
using Delivery.Targeting.Populations;
using Marten;
using Mediator;

namespace Delivery.Targeting.Import;

/// <summary>
/// Writes translated flags and segments, all or none. A flag that exists is defined anew and configured in the one
/// environment, and in those that it names; others stay. Repeating it changes nothing.
/// </summary>
/// <param name="Audit">Who, why.</param>
/// <param name="Environment">Where the flags' own configuration goes.</param>
/// <param name="Flags">The flags.</param>
/// <param name="Populations">The segments, layers and holdouts.</param>
/// <param name="IsOwn">As <see cref="Translation.IsOwn"/>.</param>
internal sealed record ImportFlags(
    Audit Audit, string Environment, IReadOnlyList<ImportedFlag> Flags, IReadOnlyList<ImportedPopulation> Populations, bool IsOwn) : Command(Audit)
{
    /// <summary>Every environment that is written to.</summary>
    public IReadOnlyList<string> Environments { get; } =
        [.. Flags.SelectMany(flag => flag.Environments?.Keys ?? []).Prepend(Environment).Distinct(StringComparer.Ordinal)];
}

internal static class Importing
{
    /// <summary>Everything that is wrong with what is imported, checked in each environment as one ruleset with what is there.</summary>
    public static IEnumerable<FieldError> Faults(ImportFlags command, Func<string, Ruleset> present) =>
        Unaddressable(command.Flags).Concat(command.Environments.SelectMany(environment => Faults(command, environment, present(environment)))).Distinct();

    private static IEnumerable<FieldError> Faults(ImportFlags command, string environment, Ruleset present)
    {
        var flags = command.Flags.Select(flag => Definition(flag.Only(environment))).ToList();
        var keys = flags.Select(flag => flag.Key).ToHashSet(StringComparer.Ordinal);
        var together = present with
        {
            Flags = [.. flags, .. present.Flags.Where(flag => !keys.Contains(flag.Key))],
            Segments = Together(command.Populations.Select(p => p.Segment), present.Segments, segment => segment.Key),
            Layers = Together(command.Populations.Select(p => p.Layer), present.Layers, layer => layer.Key),
            Holdouts = Together(command.Populations.Select(p => p.Holdout), present.Holdouts, holdout => holdout.Key),
        };
        return RulesetValidation.Check(together).Select(Flags.Faults.Translate);
    }

    private static IEnumerable<FieldError> Unaddressable(IReadOnlyList<ImportedFlag> flags) => flags
        .Select((flag, index) => (flag, index))
        .Where(item => !Keys.IsForeign(item.flag.Key) || Keys.IsTaken(item.flag.Key))
        .Select(item => new FieldError($"flags[{item.index}].key", $"{Keys.AcceptedForeign}; '{item.flag.Key}' could not be addressed"));

    public static Decision Decide(ImportedFlag imported, Flag? present, ImportFlags command)
    {
        var configured = new Dictionary<string, FlagConfiguration>(imported.Environments ?? new Dictionary<string, FlagConfiguration>(), StringComparer.Ordinal)
        {
            [command.Environment] = imported.Configuration,
        };
        if (present is null)
            return Decision.Of(new FlagCreated(imported.Key, imported.Identity, configured));
        if (present.Archived || present.Identity.Type != imported.Identity.Type)
            return Decision.Refused("flag-exists", $"There is a flag '{imported.Key}' already that is {(present.Archived ? "archived" : $"a {present.Identity.Type.ToString().ToLowerInvariant()}")}.");
        var identity = command.IsOwn
            ? imported.Identity
            : imported.Identity with { Owner = present.Identity.Owner, ClientVisible = present.Identity.ClientVisible, Description = present.Identity.Description, ExpiresOn = present.Identity.ExpiresOn };
        List<object> events = [];
        if (!Same(identity, present.Identity))
            events.Add(new FlagDefined(identity));
        events.AddRange(configured.Where(pair => !Same(pair.Value, present.In(pair.Key).Configuration)).Select(pair => new FlagConfigured(pair.Key, pair.Value)));
        return new Decision.Append(events);
    }

    public static FlagDefinition Definition(ImportedFlag flag) => new()
    {
        Key = flag.Key,
        Type = flag.Identity.Type,
        Variants = flag.Identity.Variants,
        OffVariant = flag.Configuration.OffVariant ?? flag.Identity.OffVariant,
        Enabled = flag.Configuration.Enabled,
        Default = flag.Configuration.Default,
        Rules = flag.Configuration.Rules,
        Targets = flag.Configuration.Targets,
        Prerequisites = flag.Configuration.Prerequisites,
    };

    private static IReadOnlyList<T> Together<T>(IEnumerable<T?> written, IReadOnlyList<T> present, Func<T, string> key)
        where T : class
    {
        var first = written.OfType<T>().ToList();
        return [.. first, .. present.ExceptBy(first.Select(key), key)];
    }

    private static bool Same<T>(T a, T b) => JsonElement.DeepEquals(
        JsonSerializer.SerializeToElement(a, Contracts.Http.Json.Options), JsonSerializer.SerializeToElement(b, Contracts.Http.Json.Options));
}

internal sealed class ImportFlagsHandler(IDocumentSession session, FlagWriter writer, LiveRulesets live, GuardedEnvironments environments) : ICommandHandler<ImportFlags, Outcome>
{
    public async ValueTask<Outcome> Handle(ImportFlags command, CancellationToken cancellationToken)
    {
        if (command.Environments.FirstOrDefault(environment => live.Find(environment) is null) is { } unknown)
            return new Outcome.NotFound("environment", unknown);
        if (Importing.Faults(command, live.Ruleset).ToList() is { Count: > 0 } faults)
            return new Outcome.Invalid(faults);
        var changed = false;
        var rulesets = live.Rulesets();
        var guarded = await environments.GuardedAsync(cancellationToken);
        foreach (var population in command.Populations)
        {
            var stream = await session.Events.FetchForWriting<Population>(Population.Stream(population.Kind, population.Key), cancellationToken);
            var present = live.Find(population.Kind, population.Key);
            var events = PopulationEvents.To(population, present);
            if (events.Count > 0 && PopulationLaw.Against(command.Audit, population.Kind, population.Key, present, rulesets, guarded) is { } refusal)
                return refusal;
            stream.AppendMany(events);
            changed |= events.Count > 0;
        }

        foreach (var flag in command.Flags)
        {
            var outcome = await Write(command, flag, cancellationToken);
            if (outcome is not Outcome.Done done)
                return outcome;
            changed |= done.Changed;
        }

        return new Outcome.Done("import", command.Environment, 0, changed);
    }

    private async ValueTask<Outcome> Write(ImportFlags command, ImportedFlag flag, CancellationToken cancellationToken)
    {
        if (await session.LoadAsync<Flag>(Flag.Stream(flag.Key), cancellationToken) is not null)
            return await writer.ChangeAsync(
                command.Audit with { ExpectedVersion = null }, flag.Key, present => Importing.Decide(flag, present, command), cancellationToken);
        return Importing.Decide(flag, null, command) is Decision.Append { Events: [FlagCreated created] }
            ? await writer.StartAsync(created, cancellationToken)
            : throw new InvalidOperationException("a flag that does not exist is created");
    }
}
