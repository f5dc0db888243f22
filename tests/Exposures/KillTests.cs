using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using Delivery.Testing;

namespace Delivery.Exposures.Tests;

/// <summary>
/// <c>kill -9</c> of the server under load. <c>DELIVERY_KILLS</c> says how often (default 5; tests/Exposures/kill-50-10.sh runs 50).
/// </summary>
public sealed class KillTests(PostgresFixture postgres)
{
    private const int RowsPerBatch = 50;
    private const int Senders = 4;

    private static int Kills => int.Parse(Environment.GetEnvironmentVariable("DELIVERY_KILLS") ?? "5", CultureInfo.InvariantCulture);

    [Fact]
    public async Task what_was_acknowledged_before_a_kill_is_there_once_and_the_chain_holds()
    {
        var database = await postgres.CreateDatabaseAsync("killed");
        var random = new Random(20261123);
        var acknowledged = new ConcurrentDictionary<int, bool>();
        var sent = -1;
        for (var kill = 0; kill < Kills; kill++)
        {
            await using var server = await ServerProcess.StartAsync(database, TestContext.Current.CancellationToken);
            var killAfter = acknowledged.Count + random.Next(1, 60);
            var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var senders = Enumerable.Range(0, Senders).Select(_ => SendAsync(server, () =>
            {
                if (acknowledged.Count >= killAfter)
                    enough.TrySetResult();
                return Interlocked.Increment(ref sent);
            }, acknowledged)).ToList();
            await enough.Task.WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
            await server.KillAsync();
            await Task.WhenAll(senders);
        }

        await using var ledger = Ledger.On(database);
        foreach (var batch in acknowledged.Keys.Take(20))
            (await ledger.TakenAsync(Body(batch), "killed", batch)).GetProperty("duplicate").GetBoolean().ShouldBeTrue();
        var stored = await StoredAsync(ledger);
        stored.Values.ShouldAllBe(rows => rows == RowsPerBatch);
        acknowledged.Keys.Where(batch => !stored.ContainsKey(batch)).ShouldBeEmpty();
        var verified = await ledger.GetAsync("/api/v1/ledger/verify");
        (verified.GetProperty("valid").GetBoolean(), verified.GetProperty("rows").GetInt64()).ShouldBe((true, stored.Values.Sum()));
    }

    /// <summary>Sends batch after batch until the server is gone. A batch without an answer may be there or not, but whole.</summary>
    private static async Task SendAsync(ServerProcess server, Func<int> next, ConcurrentDictionary<int, bool> acknowledged)
    {
        while (true)
        {
            var batch = next();
            using var request = new HttpRequestMessage(HttpMethod.Post, "/sdk/v1/exposures") { Content = new StringContent(Body(batch), Encoding.UTF8, "application/json") };
            request.Headers.Add("X-Source", "killed");
            request.Headers.Add("X-Batch", batch.ToString(CultureInfo.InvariantCulture));
            try
            {
                using var response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
                if (response.StatusCode == HttpStatusCode.OK)
                    acknowledged[batch] = true;
            }
            catch (HttpRequestException)
            {
                return; // Killed.
            }
        }
    }

    private static string Body(int batch) => Exposures.Array(Enumerable.Range(0, RowsPerBatch).Select(row =>
        Exposures.Make(batch * RowsPerBatch + row, "killed", time: DateTimeOffset.UnixEpoch.AddSeconds(row)).With("sequence", batch)));

    private static async Task<Dictionary<int, long>> StoredAsync(Ledger ledger)
    {
        await using var command = ledger.Database.CreateCommand("SELECT sequence, count(*), count(DISTINCT id) FROM exposures.recorded_exposures GROUP BY sequence");
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var stored = new Dictionary<int, long>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            reader.GetInt64(2).ShouldBe(reader.GetInt64(1));
            stored[(int)reader.GetInt64(0)] = reader.GetInt64(1);
        }

        return stored;
    }
}
