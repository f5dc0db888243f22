using CsCheck;
using Delivery.Metrics.Folding;
using Delivery.Metrics.Health;

namespace Delivery.Metrics.Tests.Health;

/// <summary>An id is counted once, however its time and its receipt lie.</summary>
public sealed class RecentIdsTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Span = TimeSpan.FromDays(4);

    /// <summary>Ids of version 7 from years before to years ahead, most of about now, and of version 4.</summary>
    private static readonly Gen<(Guid Id, int Minutes)> Met =
        from kind in Gen.Int[0, 9]
        from number in Gen.Int[0, 40]
        from minutes in Gen.Int[0, 3 * 24 * 60]
        let made = kind switch { 0 => -900_000, 1 => 900_000, 2 => -30 * 60, 3 => 11, _ => 0 }
        select (kind < 8 ? Version7(Start.AddMinutes(made).AddSeconds(number), number) : new Guid(number, 1, 0x4000, 0x80, 1, 2, 3, 4, 5, 6, 7), minutes);

    [Fact]
    public void an_id_is_met_once_within_the_span_whatever_its_time_says() => Met.Array[0, 60].Sample(
        arrivals =>
        {
            var (ids, known) = (new RecentIds(Span), new HashSet<Guid>());
            foreach (var (id, minutes) in arrivals.OrderBy(a => a.Minutes))
            {
                ids.Meet(id, Start.AddMinutes(minutes)).ShouldBe(known.Add(id));
                if (known.Count % 7 == 0)
                    ids = Restored(ids);
            }

            ids.Count.ShouldBe(known.Count);
        },
        iter: 2_000);

    [Fact]
    public void many_ids_in_many_windows_are_each_known_also_when_they_come_late_or_again()
    {
        var ids = new RecentIds(Span);
        var random = new Random(3);
        const int Ids = 300_000;
        DateTimeOffset ReceivedAt(int n) => Start.AddMilliseconds(n);
        Guid Of(int n) => Version7(n % 50 == 0 ? ReceivedAt(n).AddHours(-5) : ReceivedAt(n).AddMilliseconds(-n * 7L % 1_000), n);
        for (var n = 0; n < Ids; n++)
        {
            ids.Meet(Of(n), ReceivedAt(n)).ShouldBeTrue();
            ids.Meet(Of(random.Next(n + 1)), ReceivedAt(n)).ShouldBeFalse();
            if (n % 100_000 == 99_999)
                ids = Restored(ids);
        }

        ids.Count.ShouldBe(Ids);
        (ids.Bytes / Ids).ShouldBeLessThan(48);
    }

    [Fact]
    public void ids_are_let_go_after_the_span()
    {
        var ids = new RecentIds(Span);
        for (var n = 0; n < 200_000; n++)
            ids.Meet(Version7(Start, n), Start);
        ids.Meet(new Guid(1, 1, 0x4000, 0x80, 1, 2, 3, 4, 5, 6, 7), Start);

        ids.Meet(Version7(Start, 7), Start.AddDays(3.9)).ShouldBeFalse();
        for (var day = 5; day < 12; day++)
        {
            for (var n = 0; n < 50_000; n++)
                ids.Meet(Version7(Start.AddDays(day), n), Start.AddDays(day));
        }

        ids.Count.ShouldBeLessThan(7 * 50_000);
    }

    private static RecentIds Restored(RecentIds ids)
    {
        var writer = new SnapshotWriter();
        ids.Write(writer);
        return RecentIds.Read(new SnapshotReader(writer.Parts()), Span);
    }

    private static Guid Version7(DateTimeOffset made, int number)
    {
        var ms = made.ToUnixTimeMilliseconds();
        return new Guid((int)(ms >> 16), unchecked((short)ms), 0x7000, 0x80, 1, 2, 3, (byte)number, (byte)(number >> 8), (byte)(number >> 16), (byte)(number >> 24));
    }
}
