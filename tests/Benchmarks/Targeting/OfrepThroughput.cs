using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Delivery.Benchmarks.Exposures;
using Delivery.Testing;

namespace Delivery.Benchmarks.Targeting;

/// <summary>
/// One flag over OFREP (a key, a rule, a split; every evaluation recorded as an exposure), beside an empty endpoint of a Kestrel of its own that gets
/// the same requests and writes the same bytes (<see cref="EmptyServer"/>). The server is a process of its own, too. Both get the same load
/// on loopback, on the same cores, in turns; the median of the rounds' ratios counts. Two minutes in all. Needs <c>wrk</c>.
/// Run: <c>dotnet run -c Release --project tests/Benchmarks -- ofrep [--rounds 8] [--seconds 4] [--record 1]</c>. It fails below 80 %.
/// </summary>
internal static class OfrepThroughput
{
    public const string Name = "ofrep";
    private const double Goal = 0.8;
    private const string Flag = "throughput";

    public static async Task<int> RunAsync(string[] args, CancellationToken cancellationToken)
    {
        var (rounds, seconds, isRecorded) = (LedgerBench.Option(args, "rounds", 8), LedgerBench.Option(args, "seconds", 4), LedgerBench.Option(args, "record", 1) == 1);
        await using var bench = await LedgerBench.StartAsync(null, cancellationToken);
        var (key, answer) = await PrepareAsync(bench.Server, isRecorded, cancellationToken);
        await using var empty = await EmptyServer.StartAsync(answer, cancellationToken);
        var ours = new Load(new Uri(bench.Server.Http.BaseAddress!, $"/ofrep/v1/evaluate/flags/{Flag}"), key);
        var theirs = new Load(new Uri(empty.Address, EmptyServer.Path), key);
        System.Console.WriteLine($"{answer.Length} bytes: {Encoding.UTF8.GetString(answer)}");
        for (var warm = 0; warm < 3; warm++)
        {
            await theirs.RunAsync(3, cancellationToken);
            await ours.RunAsync(12, cancellationToken);
            await SettleAsync(bench.Server, cancellationToken);
        }

        System.Console.WriteLine("round   empty req/s   OFREP req/s   ratio   empty CPU us/req   OFREP CPU us/req   PostgreSQL CPU us/req   recorded    lost");
        var (limits, rates) = (new List<double>(), new List<double>());
        for (var round = 1; round <= rounds; round++)
        {
            var cpu = empty.ProcessorTime;
            var limit = await theirs.RunAsync(seconds, cancellationToken);
            var limitCpu = (empty.ProcessorTime - cpu).TotalMicroseconds / limit.Requests;
            var before = await ServedAsync(bench.Server, cancellationToken);
            cpu = bench.Server.ProcessorTime;
            var databaseCpu = bench.DatabaseProcessorTime;
            var rate = await ours.RunAsync(seconds, cancellationToken);
            var ourCpu = (bench.Server.ProcessorTime - cpu).TotalMicroseconds / rate.Requests;
            databaseCpu = bench.DatabaseProcessorTime - databaseCpu;
            var served = await SettleAsync(bench.Server, cancellationToken);
            limits.Add(limit.Rate);
            rates.Add(rate.Rate);
            Say($"{round,5} {limit.Rate,13:N0} {rate.Rate,13:N0} {rate.Rate / limit.Rate,7:P0} {limitCpu,18:N1} {ourCpu,18:N1} {databaseCpu.TotalMicroseconds / rate.Requests,23:N1} {served.Recorded - before.Recorded,10:N0} {served.Lost - before.Lost,7:N0}");
        }

        // A round's two halves meet the same machine; from round to round it drifts by a third.
        var ratio = LedgerBench.Median([.. rates.Zip(limits, (rate, limit) => rate / limit)]);
        Say($"{(ratio >= Goal ? "holds" : "FAILS")}  OFREP: at least {Goal:P0} of an empty endpoint: {ratio:P1} (medians: {LedgerBench.Median(rates):N0} of {LedgerBench.Median(limits):N0} requests/s)");
        return ratio >= Goal ? 0 : 1;
    }

    private static async Task<(string Key, byte[] Answer)> PrepareAsync(ServerProcess server, bool isRecorded, CancellationToken cancellationToken)
    {
        using var flag = JsonDocument.Parse($$"""
            { "key": "{{Flag}}", "type": "string", "clientVisible": true,
              "variants": [ { "key": "old", "value": "old" }, { "key": "new", "value": "new" } ], "offVariant": "old", "environments": { "production": { "rules": [
              { "id": "half", "condition": { "attribute": "country", "operator": "in", "values": ["DE", "AT"] },
                "serve": { "split": { "salt": "salt", "weights": [ { "variant": "old", "weight": 1 }, { "variant": "new", "weight": 1 } ] } } } ] } } }
            """);
        using var made = await server.Http.PostAsJsonAsync("/api/v1/flags", flag.RootElement, cancellationToken);
        made.EnsureSuccessStatusCode();
        using var issued = await server.Http.PostAsJsonAsync(
            "/api/v1/keys", new { name = "load", role = "client-sdk", environment = "production", recordsExposures = isRecorded }, cancellationToken);
        var key = (await issued.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("key").GetString()!;
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/ofrep/v1/evaluate/flags/{Flag}")
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key) },
            Content = new StringContent(Load.Body("user-1000"), Encoding.UTF8, "application/json"),
        };
        using var evaluated = await server.Http.SendAsync(request, cancellationToken);
        return (key, await evaluated.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(cancellationToken));
    }

    /// <summary>Waits until what the load left behind is recorded: no round pays for the one before.</summary>
    private static async Task<Served> SettleAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        var before = await ServedAsync(server, cancellationToken);
        while (true)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(500), cancellationToken);
            var now = await ServedAsync(server, cancellationToken);
            if (now == before)
                return now;
            before = now;
        }
    }

    private static async Task<Served> ServedAsync(ServerProcess server, CancellationToken cancellationToken) =>
        (await server.Http.GetFromJsonAsync<JsonElement>("/api/v1/ledger", cancellationToken)).GetProperty("served").Deserialize<Served>(JsonSerializerOptions.Web)!;

    private static void Say(FormattableString line) => System.Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private sealed record Served(long Recorded, long Lost);
}
