namespace Delivery.Segments;

/// <summary>Tells readers at once when rows were committed. A waiter that comes late is told immediately.</summary>
internal sealed class HeadSignal
{
    private volatile State _state = new(null);

    /// <summary>Where the log stands as far as this process knows; null before its first commit.</summary>
    public SegmentHead? Head => _state.Head;

    public void Advance(SegmentHead head)
    {
        if (head.Segment > (_state.Head?.Segment ?? 0))
            Interlocked.Exchange(ref _state, new State(head)).Next.TrySetResult();
    }

    /// <summary>Completes when rows beyond <paramref name="position"/> were committed by this process.</summary>
    public Task BeyondAsync(long position)
    {
        var state = _state;
        return state.Head?.Position > position ? Task.CompletedTask : state.Next.Task;
    }

    private sealed class State(SegmentHead? head)
    {
        public SegmentHead? Head { get; } = head;

        public TaskCompletionSource Next { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
