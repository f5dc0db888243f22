using System.Text.Json;
using Delivery.Contracts.Commands;
using Delivery.Evaluation;
using Delivery.Targeting.Live;
using Delivery.Targeting.Releases;
using Mediator;

namespace Delivery.Targeting.Flags;

/// <summary>Writes anew a flag's whole configuration in one environment. Its rules begin with the managed ones that are there, unchanged.</summary>
internal sealed record ConfigureFlag(Audit Audit, string Key, string Environment, FlagConfiguration Configuration) : Command(Audit);

internal static class FlagConfiguring
{
    public static Decision Decide(ConfigureFlag command, Flag flag, Ruleset surroundings)
    {
        if (Faults.Of(command.Configuration, flag.Key, flag.Identity, surroundings).ToList() is { Count: > 0 } faults)
            return Decision.Invalid(faults);
        if (flag.Archived)
            return Refusals.Archived(flag);
        var here = flag.In(command.Environment);
        if (!ManagedRules.Kept(command.Configuration.Rules, here.Releases))
            return Decision.Refused("rules-managed", Why(here, command.Environment));
        var written = command.Configuration with { Rules = [.. command.Configuration.Rules.Where(rule => rule.ManagedBy is null)] };
        return JsonElement.DeepEquals(Written(written), Written(here.Configuration))
            ? Decision.Nothing
            : Decision.Of(new FlagConfigured(command.Environment, written));
    }

    private static string Why(FlagInEnvironment here, string environment) => here.Releases.Count == 0
        ? $"No rollout has rules here, so no rule may carry managedBy. Start a rollout to release in {environment}."
        : $"The rules of {string.Join(", ", here.Releases.Select(r => ManagedRules.Owner(r.Rollout)))} in {environment} belong to the rollout: "
            + "send them unchanged at the head of the rules, or pause or abort the rollout.";

    private static JsonElement Written(FlagConfiguration configuration) => JsonSerializer.SerializeToElement(configuration, Contracts.Http.Json.Options);
}

internal sealed class ConfigureFlagHandler(FlagWriter writer, LiveRulesets live) : ICommandHandler<ConfigureFlag, Outcome>
{
    public ValueTask<Outcome> Handle(ConfigureFlag command, CancellationToken cancellationToken) =>
        writer.ChangeInAsync(
            command.Audit, command.Key, command.Environment, flag => FlagConfiguring.Decide(command, flag, live.Ruleset(command.Environment)), cancellationToken);
}
