using Delivery.Contracts.Commands;
using Mediator;

namespace Delivery.Targeting.Flags;

/// <summary>Retires a flag: evaluation no longer finds it. Its events stay. Repeating it changes nothing.</summary>
internal sealed record ArchiveFlag(Audit Audit, string Key) : Command(Audit);

internal static class FlagArchiving
{
    public static Decision Decide(Flag flag)
    {
        if (flag.Archived)
            return Decision.Nothing;
        var open = flag.Environments.FirstOrDefault(pair => pair.Value.Releases.Count > 0);
        return open.Value is null
            ? Decision.Of(new FlagArchived())
            : Decision.Refused("release-open", $"The rollout '{open.Value.Releases[0].Rollout}' releases the flag '{flag.Key}' in {open.Key}; complete or abort it first.");
    }
}

internal sealed class ArchiveFlagHandler(FlagWriter writer) : ICommandHandler<ArchiveFlag, Outcome>
{
    public ValueTask<Outcome> Handle(ArchiveFlag command, CancellationToken cancellationToken) =>
        writer.ChangeAsync(command.Audit, command.Key, FlagArchiving.Decide, cancellationToken);
}
