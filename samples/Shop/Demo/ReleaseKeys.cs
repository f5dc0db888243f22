namespace Delivery.Shop.Demo;

/// <summary>
/// The keys of the three releases: of flag and rollout alike. A repetition of the demo has a number, because a rollout
/// is told once, and a flag whose release is complete has no control arm left.
/// </summary>
internal sealed record ReleaseKeys(int Number = 1)
{
    internal string NewCheckout => Numbered("new-checkout");

    internal string FastSearch => Numbered("fast-search");

    internal string NewRecommendations => Numbered("new-recommendations");

    internal IReadOnlyList<string> All => [NewCheckout, FastSearch, NewRecommendations];

    private string Numbered(string name) => Number == 1 ? name : $"{name}-{Number}";
}
