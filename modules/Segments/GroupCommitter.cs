using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Delivery.Segments;

/// <summary>
/// The one writer of a log in this process: takes what is queued, writes it as one group, and only then tells each batch
/// how it ended.
/// </summary>
internal sealed partial class GroupCommitter(
    SegmentSql sql, Channel<QueuedBatch> queue, SegmentTransaction transaction, Partitions partitions,
    MemoryBudget budget, RecentRows recent, HeadSignal head, SegmentOptions options, ILogger<GroupCommitter> logger) : BackgroundService
{
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await partitions.CreateTablesAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var group = new List<QueuedBatch>();
        await using var _ = transaction;
        while (await queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            await GatherAsync(group, stoppingToken);
            await CommitAsync(group);
            group.Clear();
        }
    }

    /// <summary>Takes no more batches, and waits for those that were taken.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        queue.Writer.TryComplete();
        if (ExecuteTask is { } running)
            await running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await base.StopAsync(cancellationToken);
    }

    private async Task GatherAsync(List<QueuedBatch> group, CancellationToken stoppingToken)
    {
        var rows = Take(group, 0);
        if (rows >= options.RowsWorthCommitting || stoppingToken.IsCancellationRequested)
            return;
        await Task.Delay(options.Linger, CancellationToken.None);
        Take(group, rows);
    }

    private int Take(List<QueuedBatch> group, int rows)
    {
        while (rows < options.LargestGroupRows && queue.Reader.TryRead(out var queued))
        {
            group.Add(queued);
            rows += queued.Rows.Count;
        }

        return rows;
    }

    private async Task CommitAsync(List<QueuedBatch> group)
    {
        try
        {
            var (next, rows) = await transaction.WriteAsync(group, CancellationToken.None);
            if (rows is not null)
                recent.Add(next.Position, rows);
            head.Advance(next);
            foreach (var queued in group)
                queued.Tell(queued.Outcome);
        }
        catch (PostgresException e) when (!Passes(e) && group.Count > 1)
        {
            // One batch holds what the database refuses. It must not take the others with it.
            LogAlone(e, sql.Name, group.Count);
            foreach (var queued in group)
                await CommitAsync([queued]);
            return;
        }
        catch (PostgresException e) when (!Passes(e))
        {
            group[0].Fail(e);
        }
        catch (Exception e)
        {
            LogUnavailable(e, sql.Name, group.Count);
            foreach (var queued in group)
                queued.Tell(BatchOutcome.Unavailable.Instance);
        }

        foreach (var queued in group)
        {
            budget.Return(queued.HeldBytes);
            queued.Rows.Dispose();
        }
    }

    /// <summary>Whether the same rows may be taken later: the server is going down, out of disk, out of connections.</summary>
    private static bool Passes(PostgresException e) =>
        e.IsTransient || e.SqlState.Length > 2 && e.SqlState[..2] is "08" or "25" or "40" or "53" or "57" or "58";

    [LoggerMessage(4001, LogLevel.Warning, "The database did not take a group of {Batches} batches for the log '{Log}'; their senders are told to try again.")]
    private partial void LogUnavailable(Exception exception, string log, int batches);

    [LoggerMessage(4002, LogLevel.Error, "The database refuses the content of a group of {Batches} batches for the log '{Log}'; each is tried alone.")]
    private partial void LogAlone(Exception exception, string log, int batches);
}
