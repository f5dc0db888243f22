using Delivery.Contracts.Metrics;
using Delivery.Metrics.Health;
using Delivery.Metrics.Measuring;
using Mediator;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Delivery.Metrics.Exploring;

internal sealed class GetMetricSeriesHandler(NpgsqlDataSource database, MomentBook book, IOptions<FoldLimits> limits, TimeProvider time)
    : IQueryHandler<GetMetricSeries, MetricSeriesAnswer>
{
    /// <summary>A question reads raw rows; one that takes longer, with all its statements together, is of too many.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public async ValueTask<MetricSeriesAnswer> Handle(GetMetricSeries query, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            return await ReadAsync(query, either.Token);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested
            && (e is PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } || (patience.IsCancellationRequested && e is OperationCanceledException or NpgsqlException)))
        {
            return new MetricSeriesAnswer.TooLong(Patience);
        }
    }

    private async Task<MetricSeriesAnswer> ReadAsync(GetMetricSeries query, CancellationToken cancellationToken)
    {
        var at = time.GetUtcNow();
        var head = await book.HeadAsync(cancellationToken);
        var sql = new SeriesSql(query, head, limits.Value);
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // The token ends the whole; this ends a statement whose server can't be told any more.
        await using (var longest = new NpgsqlCommand($"{MomentSql.Planning}; SET LOCAL statement_timeout = {(int)Patience.TotalMilliseconds}", connection))
            await longest.ExecuteNonQueryAsync(cancellationToken);
        var (sums, segments) = await sql.SumsAsync(connection, cancellationToken);
        var lines = new SeriesReading(query, at).Lines(sums, await sql.PresenceAsync(connection, sums.Select(s => s.Line.Segment), cancellationToken));
        var shown = lines.Select(line => line.Segment).Distinct().Count();
        return new MetricSeriesAnswer.Series(
            query.Metric.Key, query.Environment, query.Flag, query.From, query.To, query.Step.TotalSeconds, lines,
            query.Segment is null ? 0 : Math.Max(0, segments - shown), at, head.Exposures, head.Events);
    }
}
