using System.Security.Cryptography;
using System.Text.Json;
using Delivery.Contracts.Http;
using Delivery.Contracts.Targeting;
using Delivery.Targeting.Flags;

namespace Delivery.Targeting.Changes;

/// <summary>
/// What a written-down change stands on: the parts of a flag that people set, as they were when it was written. A part that
/// differs later has moved, and what was written may no longer be what was meant. Releases are not part of it: a rollout
/// that goes on moves nothing that a person wrote.
/// </summary>
/// <param name="Flag">The flag's key.</param>
/// <param name="Environment">The environment's key; null stands for what the flag is everywhere.</param>
/// <param name="Version">The flag's stream version.</param>
/// <param name="Parts">By the part's name, a fingerprint of its value.</param>
internal sealed record Footing(string Flag, string? Environment, long Version, IReadOnlyDictionary<string, string> Parts)
{
    private const int FingerprintLength = 16;

    public static Footing Of(Flag flag, string? environment)
    {
        var parts = environment is null ? Identity(flag) : Configuration(flag.In(environment));
        return new Footing(flag.Key, environment, flag.Version, parts);
    }

    /// <summary>The parts that differ now; all of them are looked at, or those in <paramref name="only"/>.</summary>
    public IReadOnlyList<string> Moved(Flag now, IReadOnlyCollection<string>? only = null)
    {
        var present = Of(now, Environment).Parts;
        return [.. Parts.Keys.Where(part => only?.Contains(part) ?? true).Where(part => present.GetValueOrDefault(part) != Parts[part])];
    }

    /// <summary>The parts that a change writes anew, whatever they were: it must not do so unseen.</summary>
    public static IReadOnlyCollection<string> Overwritten(FlagChange change) => change switch
    {
        FlagChange.Configure => ["enabled", "offVariant", "default", "rules", "targets", "prerequisites"],
        FlagChange.SetRules => ["rules"],
        FlagChange.SetDefault => ["default"],
        FlagChange.SetTargets => ["targets"],
        FlagChange.SetPrerequisites => ["prerequisites"],
        FlagChange.Define => ["identity"],
        _ => [],
    };

    private static Dictionary<string, string> Identity(Flag flag) => new()
    {
        ["identity"] = Fingerprint(flag.Identity),
        ["archived"] = Fingerprint(flag.Archived),
    };

    private static Dictionary<string, string> Configuration(FlagInEnvironment here) => new()
    {
        ["enabled"] = Fingerprint(here.Configuration.Enabled),
        ["killed"] = Fingerprint(here.Killed),
        ["offVariant"] = Fingerprint(here.Configuration.OffVariant),
        ["default"] = Fingerprint(here.Configuration.Default),
        ["rules"] = Fingerprint(here.Configuration.Rules),
        ["targets"] = Fingerprint(here.Configuration.Targets),
        ["prerequisites"] = Fingerprint(here.Configuration.Prerequisites),
    };

    private static string Fingerprint<T>(T value) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(value, Json.Options)))[..FingerprintLength];
}
