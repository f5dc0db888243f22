using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Delivery.EmbeddedPostgres;

namespace Delivery.Exposures.Tests;

/// <summary>The disk under the ledger's rows gets full under load: a tablespace on a small tmpfs, which only root can mount.</summary>
public sealed class DiskFullTests
{
    private const int RowsPerBatch = 5_000;
    private const int Senders = 4;
    private const int MostBatches = 100;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task a_full_disk_is_answered_with_503_and_once_there_is_room_the_same_batch_is_taken_with_nothing_lost()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "a tmpfs can be mounted by root only");
        var mount = Directory.CreateTempSubdirectory("delivery-full").FullName;
        Assert.SkipUnless(await RunAsync("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", mount) == 0, "this machine lets nobody mount a tmpfs");
        try
        {
            await using var cluster = await PostgresCluster.StartAsync(new PostgresClusterOptions { Ephemeral = true }, Cancelled);
            (await RunAsync("chown", $"--reference={cluster.DataDirectory}", mount)).ShouldBe(0);
            await using var ledger = Ledger.On(await cluster.EnsureDatabaseAsync("ledger", Cancelled));
            await FillAsync(ledger, mount);
        }
        finally
        {
            await RunAsync("umount", mount);
            Directory.Delete(mount);
        }
    }

    private static async Task FillAsync(Ledger ledger, string mount)
    {
        await ledger.TakenAsync(Exposures.Array(Exposures.Many(0, 10)), "instance", 0);
        var slice = await ledger.ScalarAsync<string>("SELECT min(tableoid::regclass::text) FROM exposures.exposures");
        await ledger.ExecuteAsync($"CREATE TABLESPACE small LOCATION '{mount}'");
        await ledger.ExecuteAsync($"ALTER TABLE {slice} SET TABLESPACE small");

        var (last, taken, refused) = (0, new ConcurrentBag<int>(), new ConcurrentBag<int>());
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(async _ =>
        {
            for (var batch = Interlocked.Increment(ref last); batch < MostBatches; batch = Interlocked.Increment(ref last))
            {
                using var answer = await ledger.SendAsync(Body(batch), "instance", batch);
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    taken.Add(batch);
                    continue;
                }

                answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
                answer.Headers.RetryAfter.ShouldNotBeNull();
                refused.Add(batch);
                return;
            }
        }));

        refused.Count.ShouldBe(Senders, "each went on until it was refused");
        taken.ShouldNotBeEmpty();
        (await ledger.SendAsync(Body(refused.Min()), "instance", refused.Min())).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);

        (await RunAsync("mount", "-o", "remount,size=128m", mount)).ShouldBe(0);
        foreach (var batch in refused)
            (await ledger.TakenAsync(Body(batch), "instance", batch)).GetProperty("duplicate").GetBoolean().ShouldBeFalse();
        foreach (var batch in taken)
            (await ledger.TakenAsync(Body(batch), "instance", batch)).GetProperty("duplicate").GetBoolean().ShouldBeTrue();
        var rows = 10 + ((taken.Count + refused.Count) * (long)RowsPerBatch);
        (await ledger.ScalarAsync<long>("SELECT count(DISTINCT id) FROM exposures.exposures")).ShouldBe(rows);
        var verified = await ledger.GetAsync("/api/v1/ledger/verify");
        (verified.GetProperty("valid").GetBoolean(), verified.GetProperty("rows").GetInt64()).ShouldBe((true, rows));
    }

    private static string Body(int batch) => Exposures.Array(Enumerable.Range(batch * RowsPerBatch, RowsPerBatch).Select(n => Exposures.Make(n, time: DateTimeOffset.UnixEpoch)));

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        await process.WaitForExitAsync(Cancelled);
        return process.ExitCode;
    }
}
