using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Delivery.Metrics.Tests.Http;
using Delivery.Testing;
using Npgsql;

namespace Delivery.Metrics.Tests.Measuring;

/// <summary>
/// <c>kill -9</c> of the server at random points under load, every other time while it writes a snapshot of the moments.
/// <c>DELIVERY_MOMENT_KILLS</c> says how often (default 3; tests/Metrics/kill-moments.sh runs 50).
/// </summary>
public sealed partial class MomentKillTests(PostgresFixture postgres)
{
    private const string Question = "environment=production&flag=checkout&fromVersion=2&metric=bought&metric=revenue&metric=per-order&metric=request-errors&metric=request-latency-p95";
    private const string Gate = "4711";
    private static readonly Dictionary<string, string> Settings = new()
    {
        ["Metrics:Moments:SnapshotRows"] = "300",
        // A share of what is held would let the rows between two snapshots, and with them what is held, grow with each kill.
        ["Metrics:Moments:SnapshotShare"] = "0",
        ["Metrics:Moments:SnapshotLook"] = "00:00:00.100",
        ["Logging:LogLevel:Default"] = "Warning",
        ["Logging:LogLevel:Microsoft.Hosting.Lifetime"] = "Information",
        ["Logging:LogLevel:Delivery.Metrics"] = "Information",
    };

    private static int Kills => int.Parse(Environment.GetEnvironmentVariable("DELIVERY_MOMENT_KILLS") ?? "3", CultureInfo.InvariantCulture);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task after_kills_at_random_points_the_moments_are_those_of_a_run_without_any_and_those_of_the_sql()
    {
        var connection = await postgres.CreateDatabaseAsync("moments_killed");
        await using var database = NpgsqlDataSource.Create(connection);
        var traffic = new KilledTraffic(TimeProvider.System.GetUtcNow().AddDays(-2));
        var random = new Random(20261127);
        var killed = default((long Exposures, long Events)?);
        for (var kill = 0; kill < Kills; kill++)
        {
            await using var server = await ServerProcess.StartAsync(connection, Cancel, Settings);
            await AnsweredFromAsync(server, killed);
            if (kill == 0)
            {
                await DefineAsync(server.Http);
                await MomentsAsync(server.Http);
            }

            await KillAsync(server, database, traffic, random.Next(5, 40), whileWriting: kill % 2 == 1);
            killed = await SnapshotAsync(database);
        }

        await using var last = await ServerProcess.StartAsync(connection, Cancel, Settings);
        await AnsweredFromAsync(last, killed);
        await traffic.FinishAsync(last.Http, Cancel);
        var moments = await MomentsAsync(last.Http);
        var check = await last.Http.GetFromJsonAsync<JsonNode>($"/api/v1/metrics/moments/check?{Question}", Cancel);
        check!["differences"]!.AsArray().ShouldBeEmpty(check.ToJsonString());
        check["cells"]!.GetValue<int>().ShouldBe(5 * 2 * 2);

        await using var whole = new DeliveryServer(await postgres.CreateDatabaseAsync("moments_whole"));
        using var admin = whole.Admin();
        await DefineAsync(admin);
        await traffic.SendAllAsync(admin, traffic.Begun, Cancel);
        moments.ShouldBe(await MomentsAsync(admin));
        traffic.Acknowledged.ShouldBe(traffic.Begun);
    }

    /// <summary>A start after a kill goes on from the snapshot that was there, which stands for rows of both logs.</summary>
    private static async Task AnsweredFromAsync(ServerProcess server, (long Exposures, long Events)? snapshot)
    {
        if (snapshot is not { } at)
            return;
        await MomentsAsync(server.Http);
        var restored = GoesOn().Match(server.Output);
        restored.Success.ShouldBeTrue(server.Output);
        (long.Parse(restored.Groups[1].Value, CultureInfo.InvariantCulture), long.Parse(restored.Groups[2].Value, CultureInfo.InvariantCulture)).ShouldBe(at);
        (at.Exposures > 0 && at.Events > 0).ShouldBeTrue();
    }

    /// <summary>Kills once a snapshot is there and so many more batches were acknowledged; or then, while the next snapshot is half written.</summary>
    private static async Task KillAsync(ServerProcess server, NpgsqlDataSource database, KilledTraffic traffic, int batches, bool whileWriting)
    {
        var sending = traffic.SendAsync(server.Http, int.MaxValue, Cancel);
        await UntilAsync(async () => await SnapshotAsync(database) is { Exposures: > 0, Events: > 0 });
        var enough = traffic.Acknowledged + batches;
        await UntilAsync(() => Task.FromResult(traffic.Acknowledged >= enough));
        if (whileWriting)
            await WhileWritingAsync(database, server.KillAsync);
        else
            await server.KillAsync();
        await sending;
    }

    /// <summary>The writer has deleted the former snapshot in its transaction and waits with the first part of the next one.</summary>
    private static async Task WhileWritingAsync(NpgsqlDataSource database, Func<Task> kill)
    {
        await using var gate = await database.OpenConnectionAsync(Cancel);
        await ExecuteAsync(gate, $"""
            CREATE OR REPLACE FUNCTION metrics.wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_advisory_xact_lock_shared({Gate}); RETURN NEW; END';
            CREATE OR REPLACE TRIGGER gate BEFORE INSERT ON metrics.moment_snapshots FOR EACH ROW EXECUTE FUNCTION metrics.wait_at_gate();
            SELECT pg_advisory_lock({Gate});
            """);
        await UntilAsync(async () => await ScalarAsync<long>(database, $"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {Gate} AND NOT granted") > 0);
        await kill();
        await ExecuteAsync(gate, $"SELECT pg_advisory_unlock({Gate})");

        // Its backend finds out that nobody listens any more; until then its transaction may be there.
        await UntilAsync(async () => await ScalarAsync<long>(database, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' AND query LIKE 'COPY metrics.moment_snapshots%'") == 0);
    }

    private static async Task<(long Exposures, long Events)?> SnapshotAsync(NpgsqlDataSource database)
    {
        if (!await ScalarAsync<bool>(database, "SELECT to_regclass('metrics.moment_snapshots') IS NOT NULL"))
            return null;
        await using var command = database.CreateCommand("SELECT exposure_position, event_position FROM metrics.moment_snapshots LIMIT 1");
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        return await reader.ReadAsync(Cancel) ? (reader.GetInt64(0), reader.GetInt64(1)) : null;
    }

    private static async Task<string> MomentsAsync(HttpClient http)
    {
        var moments = await http.GetFromJsonAsync<JsonNode>($"/api/v1/metrics/moments?{Question}", Cancel);
        return moments!["cells"]!.ToJsonString();
    }

    private static async Task DefineAsync(HttpClient http)
    {
        foreach (var (key, definition) in new[]
        {
            ("bought", """{"name":"Bought","description":"Bought.","kind":"conversion","measure":{"event":"purchase"},"windowSeconds":3600}"""),
            ("revenue", """{"name":"Revenue","description":"Revenue.","kind":"mean","cap":70,"measure":{"event":"purchase","of":"value"}}"""),
            ("per-order", """{"name":"Per order","description":"Per order.","kind":"ratio","measure":{"event":"purchase","of":"value"},"per":{"event":"purchase"}}"""),
        })
            await http.DefineAsync(key, definition);
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromMinutes(2));
        while (!await holds())
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static async Task<T> ScalarAsync<T>(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(Cancel))!;
    }

    [GeneratedRegex(@"go on after exposure (\d+) and event (\d+)")]
    private static partial Regex GoesOn();
}
