using System.Text.Json;
using Delivery.Evaluation;
using Delivery.Targeting.Flags;

namespace Delivery.Targeting.Releases;

/// <summary>
/// The rules that a rollout keeps at the head of a flag's environment: one for its rings, one for the public. They follow
/// from the release alone, so nothing but the release is stored.
/// </summary>
internal static class ManagedRules
{
    private const int WholeWeight = 10_000;

    public static string Owner(string rollout) => $"rollout:{rollout}";

    public static IEnumerable<Rule> Of(IReadOnlyList<Release> releases) => releases.SelectMany(Of);

    public static IEnumerable<Rule> Of(Release release)
    {
        var owner = Owner(release.Rollout);
        if (release.Ring is { } ring)
            yield return new Rule
            {
                Id = $"{owner}:ring",
                Description = $"The rings of the rollout {release.Rollout}",
                Condition = ring,
                Serve = new Serve.Variant(release.Variant),
                ManagedBy = owner,
            };
        yield return new Rule
        {
            Id = $"{owner}:public",
            Description = $"The exposed part of everyone else in the rollout {release.Rollout}",
            // The salt is the rollout's for its whole life: raising the exposure never moves an exposed unit.
            Serve = new Serve.Split(new Split(release.ExposurePpm)
            {
                UnitAttribute = release.UnitAttribute,
                Salt = owner,
                Weights = [new VariantWeight(release.Variant, WholeWeight)],
            }),
            ManagedBy = owner,
        };
    }

    /// <summary>The newest release comes first: an earlier one that went to everyone would hide it otherwise.</summary>
    public static IReadOnlyList<Release> With(this IReadOnlyList<Release> releases, Release release) =>
        releases.Any(r => r.Rollout == release.Rollout)
            ? [.. releases.Select(r => r.Rollout == release.Rollout ? release : r)]
            : [release, .. releases];

    public static IReadOnlyList<Release> Without(this IReadOnlyList<Release> releases, string rollout) =>
        [.. releases.Where(r => r.Rollout != rollout)];

    /// <summary>Whether a person's rules begin with exactly the managed rules that are there, and manage none of their own.</summary>
    public static bool Kept(IReadOnlyList<Rule> written, IReadOnlyList<Release> releases)
    {
        var present = Of(releases).ToList();
        return written.Count >= present.Count
            && present.Select((rule, i) => Same(rule, written[i])).All(same => same)
            && written.Skip(present.Count).All(rule => rule.ManagedBy is null);
    }

    public static bool Same(Release a, Release b) => JsonSame(Of(a).ToArray(), Of(b).ToArray());

    private static bool Same(Rule a, Rule b) => JsonSame(a, b);

    private static bool JsonSame<T>(T a, T b) => JsonElement.DeepEquals(
        JsonSerializer.SerializeToElement(a, Contracts.Http.Json.Options), JsonSerializer.SerializeToElement(b, Contracts.Http.Json.Options));
}
