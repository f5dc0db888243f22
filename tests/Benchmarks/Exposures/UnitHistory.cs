using System.Diagnostics;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using Delivery.Exposures;
using Delivery.Exposures.Queries;
using Delivery.Segments;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Delivery.Benchmarks.Exposures;

/// <summary>
/// What one unit was exposed to, asked of the server over HTTP, with ten exposures for each unit. The rows are written as the intake
/// writes them, but unsealed and without HTTP. Run: <c>dotnet run -c Release --project tests/Benchmarks -- ledger-history
/// [--rows 4000000] [--data DIRECTORY]</c>; 100,000,000 take about 20 GB of disk. The directory keeps the rows for the next run. It fails
/// when the median answer takes 50 ms or more.
/// </summary>
internal static class UnitHistory
{
    internal const string Name = "ledger-history";
    private const double MostMilliseconds = 50;
    private const int RowsPerTransaction = 200_000;
    private const int ExposuresPerUnit = 10;
    private const int Questions = 200;

    internal static async Task<int> RunAsync(string[] args, CancellationToken cancellationToken)
    {
        var rows = LedgerBench.Option(args, "rows", 4_000_000);
        await using var bench = await LedgerBench.StartAsync(null, cancellationToken, LedgerBench.Text(args, "data"));
        if (!await bench.ScalarAsync<bool>($"SELECT EXISTS (SELECT 1 FROM {ExposureTable.Rows})", cancellationToken))
            await WriteAsync(bench.Database, rows, cancellationToken);
        var indexer = new SliceIndexer(ExposureTable.Table.Sql, bench.Database, new SegmentOptions(), TimeProvider.System, NullLogger<SliceIndexer>.Instance);
        // One look indexes the full slices; the open one stays as it is while many rows come in.
        await indexer.LookAsync(cancellationToken);
        System.Console.WriteLine(await PlanAsync(bench.Database, $"user-{rows / ExposuresPerUnit / 2}", cancellationToken));
        var milliseconds = new List<double>();
        var processorTime = bench.Server.ProcessorTime + bench.DatabaseProcessorTime;
        for (var question = 0; question < Questions; question++)
            milliseconds.Add(await AskAsync(bench.Server.Http, $"user-{question * 7919L % (rows / ExposuresPerUnit)}", cancellationToken));
        processorTime = bench.Server.ProcessorTime + bench.DatabaseProcessorTime - processorTime;
        var sorted = milliseconds.Order().ToList();
        System.Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{rows:N0} rows: a unit's history in {LedgerBench.Median(sorted):N1} ms (median), {sorted[Questions * 95 / 100]:N1} (p95), {sorted[^1]:N1} (worst, the first ones among them); at most {MostMilliseconds} ms; processor time of server and database {processorTime.TotalMilliseconds / Questions:N1} ms a question"));
        return LedgerBench.Median(sorted) < MostMilliseconds ? 0 : 1;
    }

    private static async Task WriteAsync(NpgsqlDataSource database, int rows, CancellationToken cancellationToken)
    {
        var sql = ExposureTable.Table.Sql;
        var partitions = new Partitions(sql, database, new SegmentOptions());
        var numbers = SharedNumbers.All(sql);
        var time = TimeProvider.System.GetUtcNow();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        for (var first = 0; first < rows; first += RowsPerTransaction)
        {
            using var batch = Encoded(first, Math.Min(RowsPerTransaction, rows - first), rows / ExposuresPerUnit, time);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var shared = await SharedNumbers.OfAsync(numbers, [new QueuedBatch(batch, null, default)], connection, cancellationToken);
            using var group = new StoredGroup(sql.Form, batch.Bytes.Length);
            await using var copy = new SliceCopy(sql, partitions, time, group, connection);
            await copy.WriteAsync(batch, shared, first + 1, cancellationToken);
            await copy.FinishAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
    }

    private static RowBatch Encoded(int first, int count, int units, DateTimeOffset time)
    {
        var rows = new RowBatch(ExposureTable.Table.Columns.Count, count * 200);
        for (var number = first; number < first + count; number++)
        {
            var unit = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"user-{number * 7919L % units}"));
            rows.Begin();
            rows.Uuid(new Guid(number, 1, 0x7000, 0x80, 0, 0, 0, 0, 0, 0, 0));
            rows.Text("production"u8);
            rows.Text("new-checkout"u8);
            rows.Text(number % 2 == 0 ? "on"u8 : "off"u8);
            rows.Text(unit);
            rows.Null();
            rows.Int64(unchecked((long)XxHash3.HashToUInt64(unit)));
            rows.Text("SPLIT"u8);
            rows.Null();
            rows.Int64(12);
            rows.Int64(345);
            rows.Null();
            rows.Time(time);
            rows.Int16(0);
            rows.Null();
            rows.End();
        }

        rows.Place(first + 1, PostgresTime.ToMicroseconds(time));
        return rows;
    }

    private static async Task<double> AskAsync(HttpClient http, string unit, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        using var answer = JsonDocument.Parse(await http.GetStringAsync($"/api/v1/units/{unit}/exposures", cancellationToken));
        var milliseconds = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        return answer.RootElement.GetProperty("items").GetArrayLength() == ExposuresPerUnit
            ? milliseconds
            : throw new InvalidOperationException($"The unit {unit} has another history: {answer.RootElement}");
    }

    private static async Task<string> PlanAsync(NpgsqlDataSource database, string unit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand();
        command.CommandText = ListExposures.ByUnit + "EXPLAIN (ANALYZE, COSTS OFF) " + ListExposures.Question(new ExposureFilter(Unit: unit), 0, 101, command);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var plan = new List<string>();
        while (await reader.ReadAsync(cancellationToken))
            plan.Add(reader.GetString(0));
        return string.Join('\n', plan.Take(16).Concat(plan.TakeLast(2)));
    }
}
