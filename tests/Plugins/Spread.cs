namespace Delivery.Plugins.Tests;

/// <summary>Spreads requests evenly over weights, as a backend would: by a golden-ratio sequence, so that shares are near what was said.</summary>
internal sealed class Spread
{
    private int _number;

    public string Pick(IEnumerable<(string To, int Weight)> destinations)
    {
        var all = destinations.ToList();
        var at = Interlocked.Increment(ref _number) * 0.6180339887498949 % 1 * all.Sum(d => d.Weight);
        foreach (var (to, weight) in all)
        {
            if (at < weight)
                return to;
            at -= weight;
        }

        throw new InvalidOperationException("a lost request: no destination has a weight");
    }
}
