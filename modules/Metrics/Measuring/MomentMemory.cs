using System.Collections.Concurrent;
using Delivery.Metrics.Health;
using Microsoft.Extensions.Options;

namespace Delivery.Metrics.Measuring;

/// <summary>
/// What all folds of moments together may hold. Where it is more, the largest one is to hold less. A fold that is made for one question and let go
/// after it never costs another one anything: it has what is left.
/// </summary>
internal sealed class MomentMemory(IOptions<FoldLimits> limits)
{
    private readonly ConcurrentDictionary<LiveMoments, long> _held = new();
    private readonly ConcurrentDictionary<LiveMoments, long> _passing = new();

    /// <summary>Notes what a fold holds.</summary>
    public void Note(LiveMoments fold, long bytes) => (fold.IsPassing ? _passing : _held)[fold] = bytes;

    /// <summary>Notes what a fold holds. True when it is to hold less.</summary>
    public bool IsTooMuch(LiveMoments fold, long bytes)
    {
        Note(fold, bytes);
        return fold.IsPassing
            ? _held.Values.Sum() + _passing.Values.Sum() > limits.Value.MostBytes
            : _held.Values.Sum() > limits.Value.MostBytes && bytes >= _held.Values.Max();
    }

    /// <summary>The folds that hold anything, those that are being made too.</summary>
    public IReadOnlyCollection<LiveMoments> Folds => [.. _held.Keys, .. _passing.Keys];

    public void LetGo(LiveMoments fold)
    {
        _held.TryRemove(fold, out _);
        _passing.TryRemove(fold, out _);
    }
}

/// <summary>A fold outgrew the memory that it may take.</summary>
/// <param name="limits">Within which it was made.</param>
/// <param name="remembered">Of what span it remembered raw events.</param>
/// <param name="unitBytes">What its units take, which no shorter limits free.</param>
internal sealed class FoldTooLarge(FoldLimits limits, TimeSpan remembered, long unitBytes) : Exception("The moments need more memory than they may take.")
{
    /// <summary>Within which it may fit; null when nothing helps.</summary>
    public FoldLimits? Shorter { get; } = limits.IsShortest || unitBytes > limits.MostBytes
        ? null
        : limits.Shortened((remembered >= FoldLimits.Shortest ? remembered : limits.Lateness + limits.History) / 2);
}
