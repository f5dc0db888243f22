using JasperFx.Events;

namespace Delivery.Targeting.Environments;

/// <summary>A place where flags are configured came to be.</summary>
internal sealed record EnvironmentCreated(string Key, string Name, string? Description = null);

/// <summary>From now on a change of a flag here needs a second person.</summary>
internal sealed record EnvironmentApprovalRequired(string Key);

/// <summary>Changes here need no second person any more.</summary>
internal sealed record EnvironmentApprovalLifted(string Key);

/// <summary>An environment: the state of the stream <c>environment:KEY</c>.</summary>
internal sealed record DeliveryEnvironment
{
    /// <summary>The stream's key.</summary>
    public required string Id { get; init; }

    public required string Key { get; init; }
    public required string Name { get; init; }
    public string? Description { get; init; }

    /// <summary>Whether a change of a flag here needs a second person.</summary>
    public bool RequiresApproval { get; init; }

    public DateTimeOffset CreatedAt { get; init; }
    public string? CreatedBy { get; init; }
    public long Sequence { get; init; }
    public int Version { get; set; }

    public static string Stream(string key) => $"environment:{key}";

    public static DeliveryEnvironment Create(IEvent<EnvironmentCreated> e) => new()
    {
        Id = Stream(e.Data.Key),
        Key = e.Data.Key,
        Name = e.Data.Name,
        Description = e.Data.Description,
        CreatedAt = e.Timestamp,
        CreatedBy = e.UserName,
        Sequence = e.Sequence,
    };

    public DeliveryEnvironment Apply(IEvent<EnvironmentApprovalRequired> e) => this with { RequiresApproval = true, Version = (int)e.Version };

    public DeliveryEnvironment Apply(IEvent<EnvironmentApprovalLifted> e) => this with { RequiresApproval = false, Version = (int)e.Version };
}
