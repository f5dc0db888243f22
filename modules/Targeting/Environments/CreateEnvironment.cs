using Delivery.Contracts.Access;
using Delivery.Contracts.Commands;
using Delivery.Targeting.Flags;
using Marten;
using Mediator;

namespace Delivery.Targeting.Environments;

/// <summary>Makes an environment; every flag exists in it at once, unconfigured. Repeating it changes nothing.</summary>
internal sealed record CreateEnvironment(Audit Audit, string Key, string Name, string? Description) : Command(Audit)
{
    public override AccessRole RequiredRole => AccessRole.Admin;
}

internal sealed class CreateEnvironmentHandler(IDocumentSession session) : ICommandHandler<CreateEnvironment, Outcome>
{
    private const int LongestText = 500;

    public async ValueTask<Outcome> Handle(CreateEnvironment command, CancellationToken cancellationToken)
    {
        if (Faults(command).ToList() is { Count: > 0 } faults)
            return new Outcome.Invalid(faults);
        if (await session.LoadAsync<DeliveryEnvironment>(DeliveryEnvironment.Stream(command.Key), cancellationToken) is { } existing)
            return existing.Name == command.Name && existing.Description == command.Description
                ? new Outcome.Done("environment", command.Key, existing.Version, Changed: false)
                : new Outcome.Refused("environment-exists", $"There is an environment '{command.Key}' already.");
        session.Events.StartStream<DeliveryEnvironment>(
            DeliveryEnvironment.Stream(command.Key), new EnvironmentCreated(command.Key, command.Name, command.Description));
        return new Outcome.Done("environment", command.Key, 1);
    }

    private static IEnumerable<FieldError> Faults(CreateEnvironment command)
    {
        if (!Keys.IsKebab(command.Key))
            yield return new FieldError("key", Keys.Accepted);
        if (string.IsNullOrWhiteSpace(command.Name) || command.Name.Length > LongestText)
            yield return new FieldError("name", $"1 to {LongestText} characters");
        if (command.Description?.Length > LongestText)
            yield return new FieldError("description", $"at most {LongestText} characters");
    }
}
