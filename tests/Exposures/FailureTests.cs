using System.Net;
using Delivery.EmbeddedPostgres;
using Delivery.Testing;
using Npgsql;

namespace Delivery.Exposures.Tests;

/// <summary>What breaks under the intake, and that nothing acknowledged is lost or written twice by it.</summary>
public sealed class FailureTests(PostgresFixture postgres)
{
    [Fact]
    public async Task a_transaction_that_ends_between_copy_and_seal_leaves_nothing_and_the_batch_can_be_sent_again()
    {
        await using var ledger = await Ledger.StartAsync(postgres);
        await ledger.TakenAsync(Exposures.Array(Exposures.Many(0, 3)));
        await OnSealAsync(ledger, "PERFORM pg_terminate_backend(pg_backend_pid());");

        var refused = await ledger.SendAsync(Exposures.Array(Exposures.Many(10, 5)), "instance", 1);
        refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        refused.Headers.RetryAfter.ShouldNotBeNull();
        (await ledger.RowsAfterAsync(0)).ShouldBe(3);

        await ledger.ExecuteAsync("DROP TRIGGER fault ON exposures.exposures_segments");
        var taken = await ledger.TakenAsync(Exposures.Array(Exposures.Many(10, 5)), "instance", 1);
        taken.GetProperty("duplicate").GetBoolean().ShouldBeFalse();
        (await ledger.ReadAsync(0, 8)).Select(r => r.Position).ShouldBe([1, 2, 3, 4, 5, 6, 7, 8]);
        (await ledger.GetAsync("/api/v1/ledger/verify")).GetProperty("valid").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task a_batch_the_database_refuses_does_not_take_the_others_of_its_group_with_it()
    {
        await using var ledger = await Ledger.StartAsync(postgres, new Dictionary<string, string> { ["Segments:Linger"] = "00:00:00.5" });
        await ledger.ExecuteAsync("""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
            CREATE TRIGGER fault BEFORE INSERT ON exposures.exposures FOR EACH ROW WHEN (NEW.unit = 'poison') EXECUTE FUNCTION refuse();
            """);
        // Partitions are made with the first rows; the trigger reaches them through the parent.
        await ledger.TakenAsync(Exposures.Array(Exposures.Many(0, 1)));

        var answers = await Task.WhenAll(
            ledger.SendAsync(Exposures.Array(Exposures.Many(10, 5))),
            ledger.SendAsync(Exposures.Array(Exposures.Make(20, unit: "poison"))),
            ledger.SendAsync(Exposures.Array(Exposures.Many(30, 5))));

        answers.Select(a => (int)a.StatusCode).ShouldBe([200, 500, 200]);
        (await ledger.RowsAfterAsync(0)).ShouldBe(11);
        (await ledger.GetAsync("/api/v1/ledger/verify")).GetProperty("valid").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task more_than_the_queue_holds_is_refused_and_all_that_was_taken_is_there()
    {
        await using var ledger = await Ledger.StartAsync(postgres, new Dictionary<string, string> { ["Segments:QueueBytes"] = "16777216" });
        var body = Exposures.Array(Exposures.Many(0, 10_000));
        await using var writer = await ledger.Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await RunAsync(writer, "SELECT pg_advisory_lock(hashtextextended('ledger:exposures', 0))");

        var sent = Enumerable.Range(1, 12).Select(n => ledger.SendAsync(body, "instance", n)).ToList();
        var refused = await await Task.WhenAny(sent);
        await RunAsync(writer, "SELECT pg_advisory_unlock_all()");
        var answers = await Task.WhenAll(sent);

        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Headers.RetryAfter.ShouldNotBeNull();
        var taken = answers.Count(a => a.StatusCode == HttpStatusCode.OK);
        taken.ShouldBeInRange(1, 11);
        answers.Count(a => a.StatusCode == HttpStatusCode.TooManyRequests).ShouldBe(12 - taken);
        (await ledger.RowsAfterAsync(0)).ShouldBe(taken * 10_000L);
    }

    [Fact]
    public async Task a_database_that_stops_is_answered_with_503_and_the_intake_recovers_with_it()
    {
        var directory = Directory.CreateTempSubdirectory("delivery-ledger").FullName;
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(directory, (UnixFileMode)0b111_101_101); // PostgreSQL runs under an account of its own.
        var options = new PostgresClusterOptions { DataDirectory = Path.Combine(directory, "data"), FastUnsafe = true, Password = "ledger" };
        var cluster = await PostgresCluster.StartAsync(options, TestContext.Current.CancellationToken);
        options = options with { Port = cluster.Port };
        await using (var ledger = Ledger.On(await cluster.EnsureDatabaseAsync("ledger", TestContext.Current.CancellationToken)))
        {
            var (first, second) = (Exposures.Array(Exposures.Many(0, 5)), Exposures.Array(Exposures.Many(10, 5)));
            await ledger.TakenAsync(first, "instance", 1);
            await cluster.DisposeAsync();
            var down = await ledger.SendAsync(second, "instance", 2);
            down.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);

            cluster = await PostgresCluster.StartAsync(options, TestContext.Current.CancellationToken);
            NpgsqlConnection.ClearAllPools();
            HttpResponseMessage again;
            do
                again = await ledger.SendAsync(second, "instance", 2);
            while (again.StatusCode == HttpStatusCode.ServiceUnavailable);

            again.StatusCode.ShouldBe(HttpStatusCode.OK);
            (await ledger.TakenAsync(first, "instance", 1)).GetProperty("duplicate").GetBoolean().ShouldBeTrue();
            (await ledger.ReadAsync(0, 10)).Select(r => r.Position).ShouldBe([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
            (await ledger.GetAsync("/api/v1/ledger/verify")).GetProperty("valid").GetBoolean().ShouldBeTrue();
        }

        await cluster.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task two_servers_write_one_chain_and_each_reads_the_others_rows()
    {
        var database = await postgres.CreateDatabaseAsync("exposures");
        await using var one = Ledger.On(database);
        await one.TakenAsync(Exposures.Array(Exposures.Many(0, 1)));
        await using var other = Ledger.On(database);

        await Task.WhenAll(Enumerable.Range(1, 20).SelectMany(n => new[]
        {
            one.TakenAsync(Exposures.Array(Exposures.Many(n * 10, 10)), "one", n),
            other.TakenAsync(Exposures.Array(Exposures.Many(1000 + n * 10, 10)), "other", n),
        }));

        (await one.ReadAsync(0, 401)).Select(r => r.Position).ShouldBe(Enumerable.Range(1, 401).Select(n => (long)n));
        (await other.ReadAsync(200, 201)).Count.ShouldBe(201);
        var verified = await one.GetAsync("/api/v1/ledger/verify");
        (verified.GetProperty("valid").GetBoolean(), verified.GetProperty("rows").GetInt64()).ShouldBe((true, 401));
    }

    private static async Task OnSealAsync(Ledger ledger, string action) => await ledger.ExecuteAsync($"""
        CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {action} RETURN NEW; END $$;
        CREATE TRIGGER fault BEFORE INSERT ON exposures.exposures_segments FOR EACH ROW EXECUTE FUNCTION fault();
        """);

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
