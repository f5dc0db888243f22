namespace Delivery.Segments;

/// <summary>What makes a batch idempotent: a repeated batch is not written again and gets the first answer.</summary>
/// <param name="Source">Who sent it, with its environment; at most a few hundred characters.</param>
/// <param name="Batch">The sender's number for it.</param>
/// <param name="Digest">A hash of what was sent: the same number with another content is a sender's mistake, not a repetition.</param>
public readonly record struct BatchKey(string Source, long Batch, UInt128 Digest);

/// <summary>How handing a batch to a log ended. Closed.</summary>
public abstract record BatchOutcome
{
    private BatchOutcome()
    {
    }

    /// <summary>Committed: the rows survive the end of every process.</summary>
    public sealed record Committed : BatchOutcome
    {
        internal static Committed Instance { get; } = new();
    }

    /// <summary>This batch was committed before; nothing was written now.</summary>
    /// <param name="Answer">The first answer.</param>
    public sealed record Repeated(ReadOnlyMemory<byte> Answer) : BatchOutcome;

    /// <summary>The number was used before for a batch with another content; nothing was written.</summary>
    public sealed record Reused : BatchOutcome
    {
        internal static Reused Instance { get; } = new();
    }

    /// <summary>The queue before the writer is full; nothing was written. Try again.</summary>
    public sealed record Full : BatchOutcome
    {
        internal static Full Instance { get; } = new();
    }

    /// <summary>The database did not confirm the commit. Try again with the same key.</summary>
    public sealed record Unavailable : BatchOutcome
    {
        internal static Unavailable Instance { get; } = new();
    }
}
