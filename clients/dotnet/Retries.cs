namespace Delivery.Client;

/// <summary>
/// Pauses between attempts: doubling, each drawn from the upper half of its step, so that a thousand clients of a
/// restarted server do not come back in the same instant.
/// </summary>
internal sealed class Retries(TimeSpan first, TimeSpan limit, int seed)
{
    private readonly Random _random = new(seed);
    private int _failures;

    internal void Reset() => _failures = 0;

    internal TimeSpan Next()
    {
        var step = Math.Min(limit.TotalMilliseconds, first.TotalMilliseconds * Math.Pow(2, Math.Min(_failures++, 30)));
        return TimeSpan.FromMilliseconds(step * (0.5 + (0.5 * _random.NextDouble())));
    }
}
