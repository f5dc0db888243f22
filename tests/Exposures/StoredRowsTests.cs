using System.Buffers.Binary;
using System.Text;
using Delivery.Segments;
using Delivery.Testing;

namespace Delivery.Exposures.Tests;

/// <summary>A reader that lags gets rows as they lie on the disk, and has them in the order of their position all the same.</summary>
public sealed class StoredRowsTests(PostgresFixture postgres)
{
    [Fact]
    public async Task rows_that_moved_on_the_disk_are_read_in_the_order_of_their_position()
    {
        var database = await postgres.CreateDatabaseAsync("exposures");
        await using (var writer = Ledger.On(database))
        {
            await writer.TakenAsync(Exposures.Array(Enumerable.Range(0, 40).Select(n => Exposures.Make(n))));
            await writer.ExecuteAsync("UPDATE exposures.exposures SET unit = unit WHERE position IN (3, 17)");
            (await writer.ScalarAsync<bool>("SELECT (SELECT ctid FROM exposures.exposures WHERE position = 3) > (SELECT ctid FROM exposures.exposures WHERE position = 40)"))
                .ShouldBeTrue("the rows should have moved behind the others");
        }

        await using var reader = Ledger.On(database);

        (await reader.ReadAsync(0, 40)).Select(exposure => exposure.Position).ShouldBe(Enumerable.Range(1, 40).Select(n => (long)n));
    }

    [Fact]
    public async Task rows_whose_shared_values_are_gone_are_not_taken_for_a_shorter_log()
    {
        var database = await postgres.CreateDatabaseAsync("exposures");
        await using (var writer = Ledger.On(database))
        {
            await writer.TakenAsync(Exposures.Array(Enumerable.Range(0, 10).Select(n => Exposures.Make(n, variant: n < 5 ? "on" : "off"))));
            await writer.ExecuteAsync("DELETE FROM exposures.exposures_shared WHERE variant = 'off'");
        }

        await using var reader = Ledger.On(database);

        (await Should.ThrowAsync<InvalidOperationException>(() => reader.ReadAsync(0, 10))).Message.ShouldContain("has 5 rows after position 0 up to 10");
    }

    [Fact]
    public void rows_longer_than_the_memory_at_hand_are_kept_whole()
    {
        var texts = Enumerable.Range(0, 6).Select(n => new string((char)('a' + n), 700_000)).ToArray();
        using var rows = new StoredRows(form: null);
        foreach (var n in (int[])[3, 0, 1, 5, 2, 4])
            rows.Add(Tuple(n, texts[n]));

        rows.Decode((long position, DateTimeOffset _, ref RowReader columns) => (position, columns.Text()), shared: [])
            .ShouldBe(texts.Select((text, n) => ((long)n, text)));
    }

    /// <summary>PostgreSQL's binary form of a row with a position, a time and a text.</summary>
    private static byte[] Tuple(long position, string text)
    {
        var bytes = new byte[2 + 4 + 8 + 4 + 8 + 4 + text.Length];
        BinaryPrimitives.WriteInt16BigEndian(bytes, 3);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(2), 8);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(6), position);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(14), 8);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(26), text.Length);
        Encoding.ASCII.GetBytes(text, bytes.AsSpan(30));
        return bytes;
    }
}
