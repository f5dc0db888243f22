using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Delivery.EndToEnd.Tests.Platform;
using Npgsql;

namespace Delivery.EndToEnd.Tests.Crash;

public sealed class AKilledServer
{
    private const string Bad = "new-checkout";
    private const string Healthy = "fast-search";
    private const int Senders = 3;
    private const int EnoughBatches = 20;
    private static readonly int[] EveryStage = [0, 1, 2, 3, 4];
    private static readonly int[] StageSeconds = [2, 20, 8, 8, 4];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task kill_9_in_the_middle_loses_nothing_and_counts_nothing_twice()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The server's process is looked up in /proc.");
        await using var platform = await RunningPlatform.StartAsync(["--Postgres:Ephemeral=true"], Cancel, ShortenTheDemo);
        var key = await platform.IssueKeyAsync("server-sdk", Cancel);

        var before = await Eventually.SeesAsync(
            "the breaker has fired and the healthy release is on its way", Patience, () => ReleasesAsync(platform),
            now => now[Bad].Status == "aborted" && now[Healthy] is { Status: "running", StageIndex: >= 1 }, Cancel);
        await using var senders = new SenderGroup(platform.ServerUrl, key, Senders);
        await senders.AcknowledgeMoreAsync(EnoughBatches, Cancel);
        using (var server = ServerProcess.At(platform.ServerUrl))
        {
            server.Kill();
            await server.WaitForExitAsync(Cancel);
        }

        var acknowledgedByTheKilled = senders.Acknowledged;
        await senders.AcknowledgeMoreAsync(EnoughBatches, Cancel);
        var after = await Eventually.SeesAsync("the restarted server shows the releases", Patience, () => ReleasesAsync(platform), _ => true, Cancel);
        await senders.StopAsync();
        senders.Retries.ShouldBeGreaterThan(0, "the crash was to be felt");

        after[Bad].Abort.ShouldBeEquivalentTo(before[Bad].Abort);
        (after[Healthy].StartedAt, after[Healthy].StageIndex).ShouldBe((before[Healthy].StartedAt, Math.Max(after[Healthy].StageIndex, before[Healthy].StageIndex)));
        await EveryAcknowledgedExposureIsThereOnceAsync(platform, senders, acknowledgedByTheKilled);
        await Eventually.SeesAsync(
            "the healthy release goes on to everyone", Patience, () => ReleasesAsync(platform), now => now[Healthy].Status == "completed", Cancel);
        await TheDecisionsWereMadeOnceAsync(platform);
        await TheCountsAreTheLedgersAsync(platform, key);
    }

    /// <summary>The same stages, the same rules, a little less patience: the crash is what takes time here.</summary>
    private static void ShortenTheDemo(IDistributedApplicationTestingBuilder builder)
    {
        var shop = builder.CreateResourceBuilder(builder.Resources.OfType<ProjectResource>().Single(resource => resource.Name == "shop"));
        foreach (var (stage, seconds) in StageSeconds.Index())
            shop.WithEnvironment($"Demo__Stages__{stage}__MinimumSeconds", $"{seconds}");
    }

    private static async Task<Dictionary<string, Release>> ReleasesAsync(RunningPlatform platform)
    {
        var releases = await platform.Api.ListAsync<Release>("/api/v1/rollouts", Cancel);
        return releases.Count == 3
            ? releases.ToDictionary(release => release.Key)
            : throw new HttpRequestException($"The demo has planned {releases.Count} of its 3 releases.");
    }

    private static async Task EveryAcknowledgedExposureIsThereOnceAsync(RunningPlatform platform, SenderGroup senders, IReadOnlyList<int> byTheKilled)
    {
        // Batches that the killed server acknowledged: the new one knows them, and answers as it did.
        foreach (var (sender, last) in senders.All.Zip(byTheKilled))
        {
            foreach (var batch in new[] { 1, last, last + 1 })
                (await sender.RepeatAsync(batch, Cancel)).ShouldBe((ExposureSender.BatchSize, true), $"batch {batch}");
        }

        // The API leaves repeated reports out, so the rows themselves are looked at too.
        var ids = await platform.Api.LinesAsync<Exposure>($"/api/v1/exposures?flag={ExposureSender.Flag}", Cancel).Select(e => e.Id).ToListAsync(Cancel);
        ids.ShouldBe(senders.AcknowledgedIds, ignoreOrder: true);
        await using var database = NpgsqlDataSource.Create(platform.State.ConnectionStrings["delivery"]);
        (await NumberAsync(database, $"SELECT count(*) FROM exposures.recorded_exposures WHERE flag = '{ExposureSender.Flag}'")).ShouldBe(ids.Count);
        // The shop's SDK sent through the crash as well: nothing of it is there twice either.
        (await NumberAsync(database, "SELECT count(*) - count(DISTINCT (unit_hash, id)) FROM exposures.exposures")).ShouldBe(0);
        (await NumberAsync(database, "SELECT count(*) - count(DISTINCT id) FROM metrics.events")).ShouldBe(0);

        var verification = await platform.Api.GetAsync<Verification>("/api/v1/ledger/verify", Cancel);
        verification.Breaks.ShouldBeEmpty();
        verification.Valid.ShouldBeTrue();
    }

    private static async Task TheDecisionsWereMadeOnceAsync(RunningPlatform platform)
    {
        var healthy = await EventsAsync(platform, "rollout", Healthy);
        healthy.Where(e => e.Type == "stage-entered").Select(e => e.Data.GetProperty("stage").GetInt32()).ShouldBe(EveryStage);
        healthy.Where(e => e.Type == "stage-opened").Select(e => e.Data.GetProperty("stage").GetInt32()).ShouldBe(EveryStage);
        healthy.Count(e => e.Type is "rollout-started" or "rollout-completed").ShouldBe(2);

        var bad = await EventsAsync(platform, "rollout", Bad);
        bad.Count(e => e.Type == "rollout-aborted").ShouldBe(1);
        bad[^1].Type.ShouldBe("rollout-closed");
        (await EventsAsync(platform, "flag", Bad))[^1].Type.ShouldBe("release-closed");
        (await EventsAsync(platform, "alert", $"release-aborted.{Bad}")).Count(e => e.Type == "alert-raised").ShouldBe(1);
    }

    private static async Task TheCountsAreTheLedgersAsync(RunningPlatform platform, string key)
    {
        using var sdk = new Api(platform.ServerUrl, key);
        var context = new { context = new { targetingKey = "customer-00001", ring = "dev-team" } };
        (await sdk.SendAsync(HttpMethod.Post, $"/ofrep/v1/evaluate/flags/{Bad}", context, Cancel)).GetProperty("value").GetBoolean().ShouldBeFalse();

        // What is older than the flag's present version changes no more once the shop has sent its last report of it.
        foreach (var flag in new[] { ExposureSender.Flag, Healthy, Bad })
        {
            var present = flag == ExposureSender.Flag ? long.MaxValue : (await EventsAsync(platform, "flag", flag)).Max(e => e.Version);
            await Eventually.SeesAsync(
                $"the counts of {flag} are the ledger's", TimeSpan.FromMinutes(1),
                async () => (Folded: await FoldedAsync(platform, flag, present), Ledger: await LedgerAsync(platform, flag, present)),
                both => both.Ledger.Count > 0 && both.Folded.SequenceEqual(both.Ledger), Cancel);
        }
    }

    private static async Task<List<ArmCount>> FoldedAsync(RunningPlatform platform, string flag, long before)
    {
        var health = await platform.Api.GetAsync<ReleaseHealth>($"/api/v1/releases/health?environment=production&flag={flag}&variant=on", Cancel);
        return [.. health.Epochs.Where(epoch => epoch.FlagVersion < before).SelectMany(epoch => new[]
            {
                new ArmCount(epoch.FlagVersion, "off", epoch.Control.Exposures, epoch.Control.Units),
                new ArmCount(epoch.FlagVersion, "on", epoch.Released.Exposures, epoch.Released.Units),
            }).Where(arm => arm.Exposures > 0).Order()];
    }

    private static async Task<List<ArmCount>> LedgerAsync(RunningPlatform platform, string flag, long before)
    {
        var counts = await platform.Api.ListAsync<ExposureCount>($"/api/v1/exposures/counts?environment=production&flag={flag}&by=version,variant", Cancel);
        return [.. counts.Where(count => count.By.Version < before)
            .Select(count => new ArmCount(count.By.Version, count.By.Variant, count.Exposures, count.Units)).Order()];
    }

    private static Task<IReadOnlyList<RecordedEvent>> EventsAsync(RunningPlatform platform, string kind, string key) =>
        platform.Api.ListAsync<RecordedEvent>($"/api/v1/events?kind={kind}&key={key}&limit=1000", Cancel);

    private static async Task<long> NumberAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(Cancel))!;
    }

    private sealed record ArmCount(long Version, string Variant, long Exposures, long Units) : IComparable<ArmCount>
    {
        public int CompareTo(ArmCount? other) => (Version, Variant).CompareTo((other!.Version, other.Variant));
    }
}
