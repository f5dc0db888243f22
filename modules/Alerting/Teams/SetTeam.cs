using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Delivery.Contracts.Access;
using Delivery.Contracts.Commands;
using Delivery.Plugins;
using Marten;
using Mediator;

namespace Delivery.Alerting.Teams;

/// <summary>Makes a team, or changes its name and channels. The same again changes nothing.</summary>
internal sealed record SetTeam(Audit Audit, string Team, string Name, IReadOnlyList<ChannelInput> Channels) : Command(Audit)
{
    public override AccessRole RequiredRole => AccessRole.Admin;
}

/// <summary>A channel as the caller writes it.</summary>
/// <param name="Key">Unique in the team; kebab case.</param>
/// <param name="Kind">The channel's kind: <c>webhook</c>, or what a plugin adds.</param>
/// <param name="Url">Its address.</param>
/// <param name="Secret">Signs what is sent; also <c>env:NAME</c> or <c>file:PATH</c>. Left out, the present one stays.</param>
internal sealed record ChannelInput(string Key, string Kind, string Url, string? Secret = null);

internal static partial class TeamDecisions
{
    public static IEnumerable<FieldError> Faults(SetTeam command, IReadOnlyDictionary<string, INotificationChannel> kinds)
    {
        if (!Key().IsMatch(command.Team))
            yield return new FieldError("key", "lower-case letters, digits and single hyphens, starting with a letter, 1 to 64");
        if (string.IsNullOrWhiteSpace(command.Name) || command.Name.Length > 200)
            yield return new FieldError("name", "1 to 200 characters");
        for (var i = 0; i < command.Channels.Count; i++)
        {
            if (command.Channels[i] is not { } channel)
            {
                yield return new FieldError($"channels[{i}]", "a channel; null is not accepted here");
                continue;
            }

            if (!Key().IsMatch(channel.Key))
                yield return new FieldError($"channels[{i}].key", "lower-case letters, digits and single hyphens, starting with a letter, 1 to 64");
            if (command.Channels.Take(i).Any(c => c?.Key == channel.Key))
                yield return new FieldError($"channels[{i}].key", $"a key that no other channel of the team has; '{channel.Key}' is used twice");
            if (!kinds.TryGetValue(channel.Kind, out var kind))
                yield return new FieldError($"channels[{i}].kind", $"one of {string.Join(", ", kinds.Keys.Order())}");
            else
            {
                foreach (var (field, message) in kind.Faults(new ChannelSettings(channel.Url, channel.Secret)))
                    yield return new FieldError($"channels[{i}].{field}", message);
            }
        }
    }

    /// <summary>The event that makes the team what the command says; none when it already is.</summary>
    public static IEnumerable<TeamSet> Decide(Team? team, SetTeam command)
    {
        var channels = command.Channels.Select(c => new TeamChannel(c.Key, c.Kind, c.Url, Fingerprint(team, c))).ToList();
        if (team is null || team.Name != command.Name || !team.Channels.SequenceEqual(channels))
            yield return new TeamSet(command.Team, command.Name, channels);
    }

    private static string? Fingerprint(Team? team, ChannelInput channel) => channel.Secret is { Length: > 0 } secret
        ? Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)))[..12]
        : team?.Channels.FirstOrDefault(c => c.Key == channel.Key)?.SecretFingerprint;

    [GeneratedRegex("^(?=.{1,64}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
    private static partial Regex Key();
}

internal sealed class SetTeamHandler(IDocumentSession session, ChannelKinds kinds) : ICommandHandler<SetTeam, Outcome>
{
    public async ValueTask<Outcome> Handle(SetTeam command, CancellationToken cancellationToken)
    {
        if (TeamDecisions.Faults(command, kinds.ByKind).ToList() is { Count: > 0 } faults)
            return new Outcome.Invalid(faults);
        var stream = await session.Events.FetchForWriting<Team>(Team.Stream(command.Team), cancellationToken);
        var version = stream.CurrentVersion ?? 0;
        if (command.Audit.ExpectedVersion is { } expected && expected != version)
            return new Outcome.Stale("team", command.Team, expected, version);
        var events = TeamDecisions.Decide(stream.Aggregate, command).ToList();
        stream.AppendMany(events);
        foreach (var channel in command.Channels.Where(c => c.Secret is { Length: > 0 }))
            session.Store(new ChannelSecret(ChannelSecret.Of(command.Team, channel.Key), channel.Secret!));
        return new Outcome.Done("team", command.Team, version + events.Count, events.Count > 0);
    }
}
