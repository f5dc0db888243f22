using Delivery.Evaluation;
using Delivery.Targeting.Releases;
using JasperFx.Events;

namespace Delivery.Targeting.Flags;

/// <summary>A flag: the state of the stream <c>flag:KEY</c>, kept as a document.</summary>
internal sealed record Flag
{
    /// <summary>The stream's key.</summary>
    public required string Id { get; init; }

    public required string Key { get; init; }
    public required FlagIdentity Identity { get; init; }

    /// <summary>The environments that anything happened in; the others are <see cref="FlagInEnvironment.Untouched"/>.</summary>
    public IReadOnlyDictionary<string, FlagInEnvironment> Environments { get; init; } = new Dictionary<string, FlagInEnvironment>();

    public bool Archived { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public string? CreatedBy { get; init; }
    public DateTimeOffset ChangedAt { get; init; }

    /// <summary>Global sequence of the last change that concerned all environments.</summary>
    public long IdentitySequence { get; init; }

    /// <summary>Stream version of that change.</summary>
    public long IdentityVersion { get; init; }

    public int Version { get; set; }

    public static string Stream(string key) => $"flag:{key}";

    public FlagInEnvironment In(string environment) => Environments.GetValueOrDefault(environment) ?? FlagInEnvironment.Untouched;

    /// <summary>The flag as an environment's engine takes it. Version and sequence are those of the last change that concerned this environment.</summary>
    public FlagDefinition Definition(string environment)
    {
        var here = In(environment);
        return new FlagDefinition
        {
            Key = Key,
            Type = Identity.Type,
            Variants = Identity.Variants,
            Enabled = here.Configuration.Enabled,
            Killed = here.Killed,
            OffVariant = here.Configuration.OffVariant ?? Identity.OffVariant,
            Default = here.Configuration.Default,
            Rules = [.. ManagedRules.Of(here.Releases), .. here.Configuration.Rules],
            Targets = here.Configuration.Targets,
            Prerequisites = here.Configuration.Prerequisites,
            ClientVisible = Identity.ClientVisible,
            Version = Math.Max(IdentityVersion, here.Version),
            Sequence = Math.Max(IdentitySequence, here.Sequence),
            Archived = Archived,
        };
    }

    public static Flag Create(IEvent<FlagCreated> e) => new()
    {
        Id = Stream(e.Data.Key),
        Key = e.Data.Key,
        Identity = e.Data.Identity,
        Environments = e.Data.Environments.ToDictionary(
            pair => pair.Key, pair => new FlagInEnvironment { Configuration = pair.Value, Sequence = e.Sequence, Version = e.Version, ChangedAt = e.Timestamp }),
        CreatedAt = e.Timestamp,
        CreatedBy = e.UserName,
        ChangedAt = e.Timestamp,
        IdentitySequence = e.Sequence,
        IdentityVersion = e.Version,
        Version = (int)e.Version,
    };

    public Flag Apply(IEvent<FlagDefined> e) => Everywhere(e) with { Identity = e.Data.Identity };

    public Flag Apply(IEvent<FlagArchived> e) => Everywhere(e) with { Archived = true };

    public Flag Apply(IEvent<FlagConfigured> e) => Here(e, e.Data.Environment, here => here with { Configuration = e.Data.Configuration });

    public Flag Apply(IEvent<FlagKilled> e) => Here(e, e.Data.Environment, here => here with { Killed = true });

    public Flag Apply(IEvent<FlagRestored> e) => Here(e, e.Data.Environment, here => here with { Killed = false });

    public Flag Apply(IEvent<ReleaseOpened> e) => Here(e, e.Data.Environment, here => here with { Releases = here.Releases.With(e.Data.Release) });

    public Flag Apply(IEvent<ReleaseClosed> e) => Here(e, e.Data.Environment, here => here with { Releases = here.Releases.Without(e.Data.Rollout) });

    /// <summary>The flag as it would be with a configuration that was not written.</summary>
    public Flag Configured(FlagConfigured draft) => this with
    {
        Environments = new Dictionary<string, FlagInEnvironment>(Environments)
        {
            [draft.Environment] = In(draft.Environment) with { Configuration = draft.Configuration },
        },
    };

    private Flag Everywhere(IEvent e) =>
        this with { ChangedAt = e.Timestamp, IdentitySequence = e.Sequence, IdentityVersion = e.Version, Version = (int)e.Version };

    private Flag Here(IEvent e, string environment, Func<FlagInEnvironment, FlagInEnvironment> change) => this with
    {
        ChangedAt = e.Timestamp,
        Version = (int)e.Version,
        Environments = new Dictionary<string, FlagInEnvironment>(Environments)
        {
            [environment] = change(In(environment)) with { Sequence = e.Sequence, Version = e.Version, ChangedAt = e.Timestamp },
        },
    };
}

/// <summary>A flag in one environment.</summary>
internal sealed record FlagInEnvironment
{
    public static FlagInEnvironment Untouched { get; } = new();

    public FlagConfiguration Configuration { get; init; } = FlagConfiguration.Untouched;
    public bool Killed { get; init; }

    /// <summary>In the order they were first opened: a second release never moves the units of the first.</summary>
    public IReadOnlyList<Release> Releases { get; init; } = [];

    public long Sequence { get; init; }
    public long Version { get; init; }

    /// <summary>When it last changed here; null where an older record does not say.</summary>
    public DateTimeOffset? ChangedAt { get; init; }
}
