using System.Collections.Concurrent;
using Delivery.Metrics.Health;
using Microsoft.Extensions.Options;

namespace Delivery.Metrics.Measuring;

/// <summary>What all folds of moments together may hold. Where it is more, the largest one is to hold less.</summary>
internal sealed class MomentMemory(IOptions<FoldLimits> limits)
{
    private readonly ConcurrentDictionary<LiveMoments, long> _held = new();

    /// <summary>Notes what a fold holds. True when all together hold too much, and it the most.</summary>
    public bool IsTooMuch(LiveMoments fold, long bytes)
    {
        _held[fold] = bytes;
        return _held.Values.Sum() > limits.Value.MostBytes && bytes >= _held.Values.Max();
    }

    public void LetGo(LiveMoments fold) => _held.TryRemove(fold, out _);
}

/// <summary>A fold outgrew the memory that it may take.</summary>
internal sealed class FoldTooLarge(TimeSpan span) : Exception("The moments need more memory than they may take.")
{
    /// <summary>Of what span it remembered raw events.</summary>
    public TimeSpan Span { get; } = span;
}
