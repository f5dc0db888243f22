namespace Delivery.Segments;

/// <summary>A batch on its way to the writer.</summary>
/// <param name="rows">Its rows.</param>
/// <param name="key">What makes it idempotent, if anything does.</param>
/// <param name="answer">What a repetition will be answered with.</param>
internal sealed class QueuedBatch(RowBatch rows, BatchKey? key, ReadOnlyMemory<byte> answer)
{
    private readonly TaskCompletionSource<BatchOutcome> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RowBatch Rows { get; } = rows;
    public BatchKey? Key { get; } = key;
    public ReadOnlyMemory<byte> Answer { get; } = answer;
    public long HeldBytes { get; } = rows.HeldBytes;

    /// <summary>What the transaction found; told only after it committed.</summary>
    public BatchOutcome Outcome { get; set; } = BatchOutcome.Committed.Instance;

    public bool IsNew => Outcome is BatchOutcome.Committed;

    public Task<BatchOutcome> Done => _done.Task;

    public void Tell(BatchOutcome outcome) => _done.TrySetResult(outcome);

    public void Fail(Exception exception) => _done.TrySetException(exception);
}
