using Delivery.Contracts.Commands;
using Delivery.Contracts.Targeting;
using Mediator;

namespace Delivery.Targeting.Flags;

internal static class FlagKilling
{
    public static Decision Decide(KillFlag command, Flag flag) => Kill(flag, command.Environment);

    public static Decision Decide(RestoreFlag command, Flag flag) => Restore(flag, command.Environment);

    public static Decision Kill(Flag flag, string environment) =>
        flag.Archived ? Refusals.Archived(flag)
        : flag.In(environment).Killed ? Decision.Nothing
        : Decision.Of(new FlagKilled(environment));

    public static Decision Restore(Flag flag, string environment) =>
        flag.Archived ? Refusals.Archived(flag)
        : flag.In(environment).Killed ? Decision.Of(new FlagRestored(environment))
        : Decision.Nothing;
}

internal sealed class KillFlagHandler(FlagWriter writer) : ICommandHandler<KillFlag, Outcome>
{
    public ValueTask<Outcome> Handle(KillFlag command, CancellationToken cancellationToken) =>
        writer.ChangeInAsync(command.Audit, command.Key, command.Environment, flag => FlagKilling.Decide(command, flag), cancellationToken);
}

internal sealed class RestoreFlagHandler(FlagWriter writer) : ICommandHandler<RestoreFlag, Outcome>
{
    public ValueTask<Outcome> Handle(RestoreFlag command, CancellationToken cancellationToken) =>
        writer.ChangeInAsync(command.Audit, command.Key, command.Environment, flag => FlagKilling.Decide(command, flag), cancellationToken);
}
