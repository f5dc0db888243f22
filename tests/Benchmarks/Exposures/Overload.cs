using System.Globalization;
using System.Text.Json;
using Delivery.Exposures;

namespace Delivery.Benchmarks.Exposures;

/// <summary>
/// More than the server can write, for a while: its memory stays below 1 GiB, what it can't take is refused with 429 and
/// Retry-After, and of what it acknowledged every exposure is there exactly once. The server is a process of its own with the heap of a container of
/// a gibibyte, a million units are exposed again and again, fsync is on.
/// Run: <c>dotnet run -c Release --project tests/Benchmarks -- ledger-overload [--seconds 60] [--senders 1000]</c>.
/// </summary>
internal static class Overload
{
    internal const string Name = "ledger-overload";
    private const long MostBytes = 1L << 30;
    private const int LooksAMinute = 240;
    private const int WarningLines = 60;

    /// <summary>768 MiB: what .NET takes for its heap in a container of a gibibyte. What the platform's readers may hold follows from it (Metrics:Fold:MostBytes).</summary>
    private const string HeapOfAGibibyte = "0x30000000";

    internal static async Task<int> RunAsync(string[] args, CancellationToken cancellationToken)
    {
        var (seconds, senders) = (LedgerBench.Option(args, "seconds", 60), LedgerBench.Option(args, "senders", 1000));
        await using var bench = await LedgerBench.StartAsync(new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = HeapOfAGibibyte }, cancellationToken);
        var load = new ExposureLoad(bench.Server.Http, "overload");
        var sending = load.RunAsync(senders, TimeSpan.FromSeconds(seconds), cancellationToken);
        var (peak, told) = (0L, 0);
        using (var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250)))
        {
            while (!sending.IsCompleted && await timer.WaitForNextTickAsync(cancellationToken))
            {
                peak = Math.Max(peak, bench.Server.WorkingSetBytes);
                if (++told % LooksAMinute == 0)
                    System.Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"after {told / LooksAMinute} min: working set {bench.Server.WorkingSetBytes / 1048576.0:N0} MiB, at most {peak / 1048576.0:N0}"));
            }
        }

        var (rate, p99) = await sending;
        System.Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{rate:N0} rows/s acknowledged, p99 {p99:N0} ms, {load.Acknowledged.Count:N0} batches; refused: {string.Join(", ", load.Refusals)}; working set at most {peak / 1048576.0:N0} MiB"));
        if (load.Refusals.Keys.Any(refusal => refusal.StartsWith("503", StringComparison.Ordinal)))
            System.Console.WriteLine($"503 means that the database did not take a group; the server's warnings:\n{string.Join('\n', bench.Server.Output.Split('\n').Where(line => line.Length > 0).Take(WarningLines))}");
        await TellHealthAsync(bench, cancellationToken);
        var lost = await LostAsync(bench, load, cancellationToken);
        using var answer = await bench.Server.Http.GetAsync("/api/v1/ledger/verify", cancellationToken);
        if (!answer.IsSuccessStatusCode)
        {
            System.Console.WriteLine($"the verification answered {answer.StatusCode}; the server's last words:\n{string.Join('\n', bench.Server.Output.Split('\n').TakeLast(WarningLines))}");
            return 1;
        }

        using var verified = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellationToken));
        var valid = verified.RootElement.GetProperty("valid").GetBoolean();
        System.Console.WriteLine($"acknowledged batches that are not there exactly once: {lost}; chain valid: {valid}, {verified.RootElement.GetProperty("rows")} rows");
        var refusedOtherwise = load.Refusals.Keys.Count(refusal => refusal is not ("429 Retry-After" or "503 Retry-After"));
        return peak < MostBytes && lost == 0 && valid && refusedOtherwise == 0 ? 0 : 1;
    }

    /// <summary>How far release health came beside it, which reads the same rows, and which share of the units it could count.</summary>
    private static async Task TellHealthAsync(LedgerBench bench, CancellationToken cancellationToken)
    {
        using var health = JsonDocument.Parse(await bench.Server.Http.GetStringAsync("/api/v1/releases/health?environment=production&flag=new-checkout&variant=on", cancellationToken));
        var arms = health.RootElement.GetProperty("epochs").EnumerateArray().SelectMany(epoch => new[] { epoch.GetProperty("released"), epoch.GetProperty("control") }).ToList();
        System.Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"release health: {arms.Sum(arm => arm.GetProperty("exposures").GetInt64()):N0} exposures of {arms.Sum(arm => arm.GetProperty("units").GetInt64()):N0} units counted, on {health.RootElement.GetProperty("unitShare").GetDouble():P1} of the units since memory did not do for more; last received {TimeProvider.System.GetUtcNow() - health.RootElement.GetProperty("lastExposureAt").GetDateTimeOffset():g} ago"));
    }

    /// <summary>The ids of a batch begin with its number, and each has its row's.</summary>
    private static async Task<int> LostAsync(LedgerBench bench, ExposureLoad load, CancellationToken cancellationToken)
    {
        var whole = new HashSet<int>();
        await using var command = bench.Database.CreateCommand($"""
            SELECT batch FROM (SELECT left(id::text, 8) AS batch, count(*) AS rows, count(DISTINCT id) AS ids FROM {ExposureTable.Rows} GROUP BY 1) AS stored
            WHERE rows = {ExposureBody.Rows} AND ids = {ExposureBody.Rows}
            """);
        command.CommandTimeout = 0;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            whole.Add(int.Parse(reader.GetString(0), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        return load.Acknowledged.Count(batch => !whole.Contains(batch));
    }
}
