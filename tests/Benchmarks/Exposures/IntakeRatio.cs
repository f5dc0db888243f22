using System.Diagnostics;
using System.Globalization;
using Delivery.Exposures;
using Delivery.Exposures.Intake;
using Delivery.Segments;
using Delivery.Segments.Intake;

namespace Delivery.Benchmarks.Exposures;

/// <summary>
/// Durable, acknowledged intake over HTTP in batches of 500, against its limit in the same run: raw binary COPY of the
/// same rows, with all their columns, in one transaction, by one connection of the same server, into a table without an index. Beside it
/// stands COPY of the form in which the ledger stores them, which is faster because it leaves out what rows share. Both are taken when the
/// work that the intake before left behind (folds, indexes, vacuum) is done.
/// The load generator is on the same cores; fsync is on. Run: <c>dotnet run -c Release --project tests/Benchmarks --
/// ledger-intake [--rounds 5] [--seconds 8] [--senders 64] [--warm-up 25]</c>. It fails below 40 % of the limit.
/// </summary>
internal static class IntakeRatio
{
    internal const string Name = "ledger-intake";
    private const double LeastRatio = 0.40;
    private const int LimitBatches = 600;
    private static readonly byte[] CopyHeader = [.. "PGCOPY\n"u8, 0xff, .. "\r\n\0"u8, 0, 0, 0, 0, 0, 0, 0, 0];

    internal static async Task<int> RunAsync(string[] args, CancellationToken cancellationToken)
    {
        var (rounds, seconds, senders) = (LedgerBench.Option(args, "rounds", 5), LedgerBench.Option(args, "seconds", 8), LedgerBench.Option(args, "senders", 64));
        await using var bench = await LedgerBench.StartAsync(null, cancellationToken);
        await bench.ExecuteAsync($"CREATE TABLE plain AS SELECT * FROM {ExposureTable.Recorded} WITH NO DATA; CREATE TABLE stored (LIKE {ExposureTable.Rows})", cancellationToken);
        using var rows = Encoded();
        var stored = Stored(rows);
        var load = new ExposureLoad(bench.Server.Http, "benchmark");
        await LimitAsync(bench, rows, stored, cancellationToken);
        await load.RunAsync(senders, TimeSpan.FromSeconds(LedgerBench.Option(args, "warm-up", 25)), cancellationToken);
        System.Console.WriteLine("round   COPY all columns   as stored rows/s   intake rows/s   ratios       p99 ms   server CPU us/row");
        var (limits, storedLimits, intakes) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 1; round <= rounds; round++)
        {
            await bench.SettleAsync(cancellationToken);
            var (plain, asStored) = await LimitAsync(bench, rows, stored, cancellationToken);
            limits.Add(plain);
            storedLimits.Add(asStored);
            var (cpu, before) = (bench.Server.ProcessorTime, load.Acknowledged.Count);
            var (rate, p99) = await load.RunAsync(senders, TimeSpan.FromSeconds(seconds), cancellationToken);
            intakes.Add(rate);
            var perRow = (bench.Server.ProcessorTime - cpu).TotalMicroseconds / ((load.Acknowledged.Count - before) * (double)ExposureBody.Rows);
            System.Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{round,5} {plain,18:N0} {asStored,18:N0} {rate,15:N0} {rate / plain,7:P0} {rate / asStored,5:P0} {p99,8:N0} {perRow,19:N2}"));
        }

        var ratio = LedgerBench.Median(intakes) / LedgerBench.Median(limits);
        var fsync = await bench.ScalarAsync<string>("SHOW fsync", cancellationToken);
        System.Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"median: limit {LedgerBench.Median(limits):N0}, intake {LedgerBench.Median(intakes):N0} rows/s: {ratio:P1} (at least {LeastRatio:P0}), {LedgerBench.Median(intakes) / LedgerBench.Median(storedLimits):P1} of COPY as stored; fsync {fsync}, refusals: {string.Join(", ", load.Refusals)}"));
        return ratio >= LeastRatio ? 0 : 1;
    }

    private static RowBatch Encoded()
    {
        var time = TimeProvider.System.GetUtcNow();
        var rows = new RowBatch(ExposureTable.Table.Columns.Count, 64 * 1024 * 1024);
        var reader = new ExposureElementReader(new IntakeRequest("production", "benchmark", time), new ExposureOptions());
        var body = new ExposureBody();
        for (var batch = 0; batch < LimitBatches; batch++)
        {
            if (Elements.ReadArray(body.Of(batch).Span, reader, rows).Count > 0)
                throw new InvalidOperationException("The benchmark's exposures are malformed.");
        }

        rows.Place(1, PostgresTime.ToMicroseconds(time));
        return rows;
    }

    /// <summary>As if they all shared the first combination.</summary>
    private static ReadOnlyMemory<byte> Stored(RowBatch rows)
    {
        var form = ExposureTable.Table.Sql.Form!;
        var stored = new byte[rows.Bytes.Length + rows.Count * form.Overhead];
        var shared = new int[rows.Count * form.Groups];
        Array.Fill(shared, 1);
        return stored.AsMemory(0, form.Store(rows.Bytes.Span, shared, stored));
    }

    private static async Task<(double Plain, double Stored)> LimitAsync(
        LedgerBench bench, RowBatch rows, ReadOnlyMemory<byte> stored, CancellationToken cancellationToken) => (
        await CopyAsync(bench, "plain", rows.Bytes, rows.Count, cancellationToken),
        await CopyAsync(bench, $"stored ({ExposureTable.Table.Sql.StoredColumnList})", stored, rows.Count, cancellationToken));

    private static async Task<double> CopyAsync(LedgerBench bench, string table, ReadOnlyMemory<byte> rows, int count, CancellationToken cancellationToken)
    {
        await bench.ExecuteAsync($"TRUNCATE {table.Split(' ')[0]}", cancellationToken);
        await using var connection = await bench.Database.OpenConnectionAsync(cancellationToken);
        var started = Stopwatch.GetTimestamp();
        await using (var copy = await connection.BeginRawBinaryCopyAsync($"COPY {table} FROM STDIN (FORMAT binary)", cancellationToken))
        {
            await copy.WriteAsync(CopyHeader, cancellationToken);
            for (var at = 0; at < rows.Length; at += 1024 * 1024)
                await copy.WriteAsync(rows[at..Math.Min(rows.Length, at + 1024 * 1024)], cancellationToken);
            await copy.WriteAsync(new byte[] { 0xff, 0xff }, cancellationToken);
        }

        return count / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
