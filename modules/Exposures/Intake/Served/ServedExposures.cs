using System.Threading.Channels;
using Delivery.Contracts.Exposures;
using Delivery.Exposures.Privacy;
using Delivery.Segments;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Delivery.Exposures.Intake.Served;

/// <summary>
/// Records what the server evaluated for clients. Handing over is a write to a bounded queue; rows are made and committed behind
/// it, through the same log as every other exposure: the first at once, what comes in soon after it together, since a commit costs as
/// much as hundreds of rows. What waits when the process is killed is lost: the client was promised an
/// evaluation, not a record.
/// </summary>
internal sealed class ServedExposures(
    SegmentLog<RecordedExposure> log, PrivacyRules privacy, ServedCounts counts, IOptions<ServedOptions> options, TimeProvider time)
    : BackgroundService, IExposureSink
{
    /// <summary>Of its row in the batch, which grows where rows are larger.</summary>
    private const int TypicalRowBytes = 320;

    private readonly Channel<ServedEvaluation> _waiting = Channel.CreateBounded<ServedEvaluation>(
        new BoundedChannelOptions(options.Value.WaitingEvaluations) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly ServedIds _ids = new();
    private readonly TaskCompletionSource _closing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _batch;

    /// <summary>The source of what it writes: this process.</summary>
    public string Source { get; } = $"server:{Guid.CreateVersion7(time.GetUtcNow()):N}";

    public void Offer(in ServedEvaluation evaluation)
    {
        if (!_waiting.Writer.TryWrite(evaluation))
            counts.AddLost();
    }

    /// <summary>Takes no more, and writes what waits, while the log still takes it.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _waiting.Writer.TryComplete();
        _closing.TrySetResult();
        if (ExecuteTask is { } running)
            await running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<ServedRow>();
        using var writer = new ServedWriter(Source);
        var pause = Task.CompletedTask;
        while (await _waiting.Reader.WaitToReadAsync(stoppingToken))
        {
            await Task.WhenAny(pause, _closing.Task);
            pause = Task.Delay(options.Value.WriteEvery, CancellationToken.None);
            while (batch.Count < options.Value.BatchRows && _waiting.Reader.TryRead(out var evaluation))
                Gather(batch, evaluation);
            if (batch.Count > 0)
                await WriteAsync(batch, writer, stoppingToken);
            if (batch.Count == options.Value.BatchRows)
                pause = Task.CompletedTask;
            batch.Clear();
        }
    }

    private void Gather(List<ServedRow> batch, in ServedEvaluation evaluation)
    {
        if (ServedRow.Of(evaluation, _ids) is { } row)
            batch.Add(row);
        else
            counts.AddWithoutUnit();
    }

    /// <summary>A commit that was not confirmed may have happened: the batch's number makes the next try the same one.</summary>
    private async Task WriteAsync(List<ServedRow> batch, ServedWriter writer, CancellationToken stoppingToken)
    {
        var filters = new Dictionary<string, AttributeFilter>(StringComparer.Ordinal);
        foreach (var environment in batch.Select(row => row.Evaluation.Environment).Distinct())
            filters[environment] = await privacy.ForAsync(environment, stoppingToken);
        var key = new BatchKey(Source, _batch, (ulong)_batch);
        _batch++;
        while (true)
        {
            var rows = log.NewBatch(batch.Count * TypicalRowBytes);
            foreach (var row in batch)
                writer.Write(rows, row, filters[row.Evaluation.Environment]);
            if (await log.AppendAsync(rows, key, default, stoppingToken) is BatchOutcome.Committed or BatchOutcome.Repeated)
                break;
            await Task.Delay(options.Value.RetryAfter, time, stoppingToken);
        }

        counts.AddRecorded(batch.Count);
    }
}
