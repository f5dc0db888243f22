using JasperFx.Events;

namespace Delivery.Alerting.Teams;

/// <summary>A team was made, or its name or channels changed. Secrets are not in here, only their fingerprints.</summary>
internal sealed record TeamSet(string Key, string Name, IReadOnlyList<TeamChannel> Channels);

/// <summary>Where a team's alerts go.</summary>
/// <param name="Key">Unique in the team.</param>
/// <param name="Kind">The channel's kind, such as <c>webhook</c>.</param>
/// <param name="Url">Its address.</param>
/// <param name="SecretFingerprint">The first 12 hex digits of the secret's SHA-256, to tell one from another; null without a secret.</param>
internal sealed record TeamChannel(string Key, string Kind, string Url, string? SecretFingerprint);

/// <summary>The people who own what they built.</summary>
internal sealed record Team
{
    public required string Id { get; init; }
    public required string Key { get; init; }
    public required string Name { get; init; }
    public required IReadOnlyList<TeamChannel> Channels { get; init; }
    public int Version { get; set; }

    public static string Stream(string key) => $"team:{key}";

    public static Team Create(IEvent<TeamSet> e) =>
        new() { Id = Stream(e.Data.Key), Key = e.Data.Key, Name = e.Data.Name, Channels = e.Data.Channels };

    public Team Apply(TeamSet e) => this with { Name = e.Name, Channels = e.Channels };
}

/// <summary>
/// A channel's secret, in a document of its own: the event log is read by many and kept for ever, secrets must not be in
/// it. A value such as <c>env:SHOP_HOOK_SECRET</c> or <c>file:/run/secrets/hook</c> is a reference, resolved at each use.
/// </summary>
internal sealed record ChannelSecret(string Id, string Value)
{
    public static string Of(string team, string channel) => $"{team}/{channel}";

    public string Resolve() => Value switch
    {
        ['e', 'n', 'v', ':', ..] => Environment.GetEnvironmentVariable(Value[4..]) ?? "",
        ['f', 'i', 'l', 'e', ':', ..] => File.Exists(Value[5..]) ? File.ReadAllText(Value[5..]).Trim() : "",
        _ => Value,
    };
}
