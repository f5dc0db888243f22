using System.Runtime.InteropServices;
using Delivery.Contracts.Exposures;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Catalogue;
using Delivery.Metrics.Events;
using Delivery.Metrics.Folding;
using Delivery.Metrics.Health;
using Delivery.Metrics.Measuring;
using Delivery.Testing;
using Npgsql;
using NpgsqlTypes;

namespace Delivery.Metrics.Tests.Measuring;

/// <summary>
/// Events shuffled, one in twenty repeated, up to three days late and in batches of any size, against the same events sorted and
/// against the SQL over the rows as they came. 200,000 of them, 40,000 by SQL; 10 million by both with <c>DELIVERY_NIGHTLY=1</c>.
/// </summary>
public sealed class ShuffledEvents(PostgresFixture postgres, ITestOutputHelper output)
{
    private const long FromVersion = 2;

    private static readonly MetricToMeasure[] Metrics =
    [
        Folds.Metric("bought", MetricKind.Conversion, new("purchase"), windowSeconds: 86_400),
        Folds.Metric("revenue", MetricKind.Mean, new("purchase", MeasureOf.Value), cap: 500),
        Folds.Metric("per-order", MetricKind.Ratio, new("purchase", MeasureOf.Value), new("purchase"), windowSeconds: 3 * 86_400),
        .. SystemMetrics.All.Select(metric => new MetricToMeasure(metric.Key, metric.Definition)),
    ];

    private static bool IsNightly => Environment.GetEnvironmentVariable("DELIVERY_NIGHTLY") == "1";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task late_repeated_and_shuffled_events_give_the_sums_of_the_sorted_ones_and_of_the_sql()
    {
        var rows = IsNightly ? new ShuffledRows(10_000_000, 1_000_000) : new ShuffledRows(200_000, 20_000);
        var start = TimeProvider.System.GetTimestamp();
        var sorted = Read(Fold(rows, rows.Sorted(), new Random(1)));
        var (sortedTook, lateStart) = (TimeProvider.System.GetElapsedTime(start), TimeProvider.System.GetTimestamp());
        var late = Read(Fold(rows, rows.Late(), new Random(2)));
        var lateTook = TimeProvider.System.GetElapsedTime(lateStart);

        Folds.Text(late).ShouldBe(Folds.Text(sorted));
        late.Count.ShouldBe(2 * 2 * Metrics.Length);
        late.ShouldAllBe(cell => cell.Sums.N > 0 && cell.Sums.MPost > 0 && cell.Sums.MPre > 0 && cell.Refusal == null);

        var fewer = IsNightly ? rows : new ShuffledRows(40_000, 4_000);
        var folded = IsNightly ? late : Read(Fold(fewer, fewer.Late(), new Random(3)));
        await using var database = await StoredAsync(fewer);
        var sqlStart = TimeProvider.System.GetTimestamp();
        var recomputed = await new MomentSql(database).ReadAsync(new GetMoments("production", "checkout", FromVersion, Metrics), new FoldLimits(), long.MaxValue, long.MaxValue, Cancel);
        recomputed.Select(Text).Order(StringComparer.Ordinal).ShouldBe(folded.Select(Text).Order(StringComparer.Ordinal));
        recomputed.Count.ShouldBe(late.Count);
        output.WriteLine($"{rows.Events:N0} events: sorted {sortedTook}, shuffled {lateTook}, SQL {TimeProvider.System.GetElapsedTime(sqlStart)}, {recomputed.Count} cells equal");
    }

    private static string Text(MomentCell cell) => $"{cell.Metric} {cell.FlagVersion} {cell.Variant} {cell.Sums}";

    private static IReadOnlyList<MomentCell> Read(MomentFold fold) => fold.Read("checkout", FromVersion, Metrics);

    /// <summary>In batches of any size, each of one log; what is in a batch together comes in any order.</summary>
    private static MomentFold Fold(ShuffledRows rows, IEnumerable<Arrival> arrivals, Random random)
    {
        var fold = Folds.Of(FromVersion, Metrics);
        var (exposures, events) = (new List<RecordedExposure>(), new List<MetricEvent>());
        var size = 0;
        foreach (var arrival in arrivals)
        {
            if (arrival.Row < rows.Exposures)
                exposures.Add(rows.Exposure(arrival.Row, arrival.At));
            else
                events.Add(rows.Event(arrival.Row, arrival.At));
            if (--size > 0)
                continue;
            Flush(fold, exposures, events, random);
            size = random.Next(1, 5_000);
        }

        Flush(fold, exposures, events, random);
        return fold;
    }

    private static void Flush(MomentFold fold, List<RecordedExposure> exposures, List<MetricEvent> events, Random random)
    {
        random.Shuffle(CollectionsMarshal.AsSpan(exposures));
        random.Shuffle(CollectionsMarshal.AsSpan(events));
        if (random.Next(2) == 0)
            fold.Apply(exposures);
        fold.Apply(events);
        fold.Apply(exposures);
        exposures.Clear();
        events.Clear();
    }

    /// <summary>The late rows in the tables of the intake, put there by COPY: the intake itself gives its own times of receipt.</summary>
    private async Task<NpgsqlDataSource> StoredAsync(ShuffledRows rows)
    {
        var connectionString = await postgres.CreateDatabaseAsync("shuffled");
        await using (var server = new DeliveryServer(connectionString))
        {
            using var admin = server.Admin();
            (await admin.GetAsync(new Uri("/health", UriKind.Relative), Cancel)).EnsureSuccessStatusCode();
        }

        var database = NpgsqlDataSource.Create(connectionString);
        await using (var command = database.CreateCommand("""
            CREATE UNLOGGED TABLE metrics.events_late PARTITION OF metrics.events DEFAULT;
            CREATE UNLOGGED TABLE exposures.exposures_late PARTITION OF exposures.exposures DEFAULT;
            CREATE UNLOGGED TABLE staged AS SELECT * FROM exposures.recorded_exposures WITH NO DATA;
            """))
            await command.ExecuteNonQueryAsync(Cancel);
        await using (var connection = await database.OpenConnectionAsync(Cancel))
        await using (var copy = await connection.BeginBinaryImportAsync("COPY staged (position, received_at, id, environment, flag, variant, unit, unit_hash, reason, flag_version, sequence, time, timing) FROM STDIN (FORMAT binary)", Cancel))
        {
            foreach (var (number, arrival) in rows.Late().Where(arrival => arrival.Row < rows.Exposures).Index())
            {
                var e = rows.Exposure(arrival.Row, arrival.At);
                await WriteAsync(copy, number, e.ReceivedAt, e.Id, e.Environment, e.Flag, e.Variant, e.Unit, unchecked((long)e.UnitHash), e.Reason, e.FlagVersion, e.FlagVersion, e.Time, (short)0);
            }

            await copy.CompleteAsync(Cancel);
        }

        await using (var connection = await database.OpenConnectionAsync(Cancel))
        await using (var copy = await connection.BeginBinaryImportAsync("COPY metrics.events (position, received_at, id, environment, name, unit, unit_hash, value_micro_units, duration_microseconds, outcome, time) FROM STDIN (FORMAT binary)", Cancel))
        {
            foreach (var (number, arrival) in rows.Late().Where(arrival => arrival.Row >= rows.Exposures).Index())
            {
                var e = rows.Event(arrival.Row, arrival.At);
                await WriteAsync(copy, number, e.ReceivedAt, e.Id, e.Environment, e.Name, e.Unit, unchecked((long)e.UnitHash), e.ValueMicroUnits, e.DurationMicroseconds, (short)(e.Failed is { } failed ? failed ? 2 : 1 : 0), e.Time);
            }

            await copy.CompleteAsync(Cancel);
        }

        await using (var analyze = database.CreateCommand("""
            INSERT INTO exposures.exposures_shared (shared, environment, flag, variant, reason, flag_version, timing)
            SELECT row_number() OVER (), * FROM (SELECT DISTINCT environment, flag, variant, reason, flag_version, timing FROM staged) AS combinations;
            INSERT INTO exposures.exposures_origin (origin, sequence) SELECT row_number() OVER (), sequence FROM (SELECT DISTINCT sequence FROM staged) AS combinations;
            INSERT INTO exposures.exposures (position, received_at, id, unit, unit_hash, time, shared, origin)
            SELECT position, received_at, id, unit, unit_hash, time, shared, origin FROM staged
            JOIN exposures.exposures_shared USING (environment, flag, variant, reason, flag_version, timing) JOIN exposures.exposures_origin USING (sequence);
            ANALYZE metrics.events_late; ANALYZE exposures.exposures_late; ANALYZE exposures.exposures_shared
            """))
        {
            analyze.CommandTimeout = 0;
            await analyze.ExecuteNonQueryAsync(Cancel);
        }

        return database;
    }

    private static async Task WriteAsync(NpgsqlBinaryImporter copy, int number, DateTimeOffset receivedAt, params object?[] values)
    {
        await copy.StartRowAsync(Cancel);
        await copy.WriteAsync((long)number + 1, Cancel);
        await copy.WriteAsync(receivedAt, NpgsqlDbType.TimestampTz, Cancel);
        foreach (var value in values)
        {
            await (value switch
            {
                null => copy.WriteNullAsync(Cancel),
                DateTimeOffset time => copy.WriteAsync(time, NpgsqlDbType.TimestampTz, Cancel),
                Guid id => copy.WriteAsync(id, NpgsqlDbType.Uuid, Cancel),
                long number64 => copy.WriteAsync(number64, NpgsqlDbType.Bigint, Cancel),
                short number16 => copy.WriteAsync(number16, NpgsqlDbType.Smallint, Cancel),
                string text => copy.WriteAsync(text, NpgsqlDbType.Text, Cancel),
                _ => throw new ArgumentOutOfRangeException(nameof(values), value, "no such column"),
            });
        }
    }
}
