using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;
using Delivery.Evaluation;
using Delivery.Targeting.Flags;
using Delivery.Targeting.Live;
using Mediator;

namespace Delivery.Targeting.Releases;

internal static class ReleaseOpening
{
    public static Decision Decide(OpenRelease command, Flag flag, Ruleset surroundings)
    {
        if (FaultsOf(command, flag, surroundings).ToList() is { Count: > 0 } faults)
            return Decision.Invalid(faults);
        var here = flag.In(command.Environment);
        if (flag.Archived)
            return Refusals.Archived(flag);
        if (here.Killed)
            return Decision.Refused("flag-killed", $"The flag '{flag.Key}' is killed in {command.Environment}: nobody gets a release until it is restored.");
        if (!here.Configuration.Enabled)
            return Decision.Refused("flag-disabled", $"The flag '{flag.Key}' is disabled in {command.Environment}: its rules do not apply.");
        if (flag.Identity.Variants.All(v => v.Key != command.Variant))
            return Decision.Refused("variant-missing", $"The flag '{flag.Key}' has no variant '{command.Variant}'; it has {Faults.Variants(flag.Identity)}.");
        var release = new Release(command.Rollout, command.Variant, command.UnitAttribute, command.Ring, command.ExposurePpm);
        return here.Releases.FirstOrDefault(r => r.Rollout == command.Rollout) is { } present && ManagedRules.Same(present, release)
            ? Decision.Nothing
            : Decision.Of(new ReleaseOpened(command.Environment, release));
    }

    private static IEnumerable<FieldError> FaultsOf(OpenRelease command, Flag flag, Ruleset surroundings)
    {
        if (string.IsNullOrEmpty(command.Rollout) || command.Rollout.Length > Limits.KeyLength)
            yield return new FieldError("rollout", $"the rollout's key, 1 to {Limits.KeyLength} characters");
        if (string.IsNullOrEmpty(command.UnitAttribute))
            yield return new FieldError("unitAttribute", "the name of the attribute that names the unit");
        if (command.ExposurePpm is < 0 or > Split.FullExposure)
            yield return new FieldError("exposurePpm", "0 to 1,000,000 parts per million");
        if (command.Ring is { } ring)
        {
            foreach (var fault in Faults.Of(ring, "ring", flag, surroundings))
                yield return fault;
        }
    }
}

internal sealed class OpenReleaseHandler(FlagWriter writer, LiveRulesets live) : ICommandHandler<OpenRelease, Outcome>
{
    public ValueTask<Outcome> Handle(OpenRelease command, CancellationToken cancellationToken) =>
        writer.ChangeInAsync(
            command.Audit, command.Flag, command.Environment, flag => ReleaseOpening.Decide(command, flag, live.Ruleset(command.Environment)), cancellationToken);
}

internal sealed class CloseReleaseHandler(FlagWriter writer) : ICommandHandler<CloseRelease, Outcome>
{
    public ValueTask<Outcome> Handle(CloseRelease command, CancellationToken cancellationToken) =>
        writer.ChangeInAsync(
            command.Audit,
            command.Flag,
            command.Environment,
            flag => flag.In(command.Environment).Releases.Any(release => release.Rollout == command.Rollout)
                ? Decision.Of(new ReleaseClosed(command.Environment, command.Rollout))
                : Decision.Nothing,
            cancellationToken);
}
