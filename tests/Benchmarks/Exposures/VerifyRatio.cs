using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Delivery.Exposures;

namespace Delivery.Benchmarks.Exposures;

/// <summary>
/// How fast <c>GET /api/v1/ledger/verify</c> reads, against raw binary COPY of the same rows to the client by one connection in the
/// same run. The rows come in over HTTP. Run: <c>dotnet run -c Release --project tests/Benchmarks -- ledger-verify
/// [--rows 3000000] [--rounds 3]</c>. It fails below a million rows a second.
/// </summary>
internal static class VerifyRatio
{
    internal const string Name = "ledger-verify";
    private const double LeastRowsPerSecond = 1_000_000;

    internal static async Task<int> RunAsync(string[] args, CancellationToken cancellationToken)
    {
        var (wanted, rounds) = (LedgerBench.Option(args, "rows", 3_000_000), LedgerBench.Option(args, "rounds", 3));
        await using var bench = await LedgerBench.StartAsync(null, cancellationToken);
        var load = new ExposureLoad(bench.Server.Http, "benchmark");
        while (load.Acknowledged.Count * (long)ExposureBody.Rows < wanted)
            await load.RunAsync(64, TimeSpan.FromSeconds(1), cancellationToken);
        await bench.ExecuteAsync($"VACUUM ANALYZE {ExposureTable.Rows}", cancellationToken);
        await bench.SettleAsync(cancellationToken);
        await VerifyAsync(bench, cancellationToken);
        await VerifyAsync(bench, cancellationToken);
        var (outs, verified) = (new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            outs.Add(await CopyOutAsync(bench, load.Acknowledged.Count * (long)ExposureBody.Rows, cancellationToken));
            var (server, database) = (bench.Server.ProcessorTime, bench.DatabaseProcessorTime);
            verified.Add(await VerifyAsync(bench, cancellationToken));
            var rows = load.Acknowledged.Count * (double)ExposureBody.Rows;
            System.Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"COPY out {outs[^1],12:N0} rows/s   verify {verified[^1],12:N0} rows/s   {verified[^1] / outs[^1]:P0}   processor us/row: server {(bench.Server.ProcessorTime - server).TotalMicroseconds / rows:N2}, database {(bench.DatabaseProcessorTime - database).TotalMicroseconds / rows:N2}"));
        }

        var median = LedgerBench.Median(verified);
        System.Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"median: COPY out {LedgerBench.Median(outs):N0}, verify {median:N0} rows/s: {median / LedgerBench.Median(outs):P0} (at least {LeastRowsPerSecond:N0} rows/s)"));
        return median >= LeastRowsPerSecond ? 0 : 1;
    }

    private static async Task<double> VerifyAsync(LedgerBench bench, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        using var answer = JsonDocument.Parse(await bench.Server.Http.GetStringAsync("/api/v1/ledger/verify", cancellationToken));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return answer.RootElement.GetProperty("valid").GetBoolean()
            ? answer.RootElement.GetProperty("rows").GetInt64() / seconds
            : throw new InvalidOperationException($"The ledger does not verify: {answer.RootElement}");
    }

    private static async Task<double> CopyOutAsync(LedgerBench bench, long rows, CancellationToken cancellationToken)
    {
        await using var connection = await bench.Database.OpenConnectionAsync(cancellationToken);
        var buffer = new byte[1024 * 1024];
        var started = Stopwatch.GetTimestamp();
        await using (var copy = await connection.BeginRawBinaryCopyAsync($"COPY (SELECT * FROM {ExposureTable.Rows}) TO STDOUT (FORMAT binary)", cancellationToken))
        {
            while (await copy.ReadAsync(buffer, cancellationToken) > 0)
            {
            }
        }

        return rows / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
