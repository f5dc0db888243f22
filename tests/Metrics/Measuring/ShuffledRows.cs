using Delivery.Contracts.Exposures;
using Delivery.Metrics.Events;

namespace Delivery.Metrics.Tests.Measuring;

/// <summary>
/// Exposures and events by number, spread over ten days, and an order in which they arrive: each up to three days late, one in
/// twenty twice. A row is a function of its number, so that millions need no memory.
/// </summary>
internal sealed class ShuffledRows(int events, int units)
{
    private static readonly DateTimeOffset Start = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Span = TimeSpan.FromDays(10);
    private static readonly TimeSpan Latest = TimeSpan.FromDays(3);

    /// <summary>Each unit is exposed up to three times.</summary>
    public int Exposures { get; } = units * 3;

    public int Events => events;

    /// <summary>All rows once, as they happened.</summary>
    public IEnumerable<Arrival> Sorted() => InOrder([.. Enumerable.Range(0, Exposures + events).Select(row => (TimeOf(row), row))]);

    /// <summary>All rows late, and some twice.</summary>
    public IEnumerable<Arrival> Late()
    {
        var arrivals = new List<(DateTimeOffset, int)>(Exposures + events + ((Exposures + events) / 20));
        for (var row = 0; row < Exposures + events; row++)
        {
            arrivals.Add((TimeOf(row) + Delay(row, 1), row));
            if (Draw(row, 2) % 20 == 0)
                arrivals.Add((TimeOf(row) + Delay(row, 3), row));
        }

        return InOrder(arrivals);
    }

    public RecordedExposure Exposure(int row, DateTimeOffset receivedAt)
    {
        var (unit, draw) = (row % units, Draw(row, 5));
        return new RecordedExposure(
            0, Id(row), "production", "checkout", (draw & 1) == 0 ? "off" : "on", $"u{unit}", UnitHash(unit), "SPLIT", null,
            (long)(1 + (draw >> 1) % 3), (long)(1 + (draw >> 1) % 3), TimeOf(row), receivedAt);
    }

    public MetricEvent Event(int row, DateTimeOffset receivedAt)
    {
        var draw = Draw(row, 6);
        var unit = (int)((draw >> 32) % (ulong)units);
        var isRequest = draw % 3 == 0;
        return new MetricEvent(
            0, Id(row), "production", isRequest ? "request" : "purchase", $"u{unit}", UnitHash(unit), isRequest ? null : (long)(draw >> 8) % 90_000_000,
            isRequest ? (long)(draw >> 20) % 2_000_000 : null, isRequest ? (draw & 64) == 0 : null, TimeOf(row), receivedAt, null, null);
    }

    private static IEnumerable<Arrival> InOrder(List<(DateTimeOffset At, int Row)> arrivals)
    {
        arrivals.Sort();
        return arrivals.Select(arrival => new Arrival(arrival.Row, arrival.At));
    }

    private DateTimeOffset TimeOf(int row) => Start + new TimeSpan((long)(Draw(row, 4) % (ulong)Span.Ticks) / 10 * 10);

    private static TimeSpan Delay(int row, ulong salt) => new((long)(Draw(row, salt) % (ulong)Latest.Ticks) / 10 * 10);

    /// <summary>Of version 7 with the row's time, as SDKs make them; one in four of version 4.</summary>
    private Guid Id(int row)
    {
        if (Draw(row, 7) % 4 == 0)
            return new Guid(row, 3, 0x4000, 0x80, 1, 2, 3, 4, 5, 6, 7);
        var made = TimeOf(row).ToUnixTimeMilliseconds();
        return new Guid((int)(made >> 16), unchecked((short)made), 0x7000, 0x80, 1, 2, 3, (byte)row, (byte)(row >> 8), (byte)(row >> 16), (byte)(row >> 24));
    }

    private static ulong UnitHash(int unit) => Draw(unit, 9);

    /// <summary>SplitMix64: any two numbers give independent draws.</summary>
    private static ulong Draw(int row, ulong salt)
    {
        var x = unchecked((((ulong)(uint)row << 4) | salt) * 0x9E3779B97F4A7C15);
        x = unchecked((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9);
        x = unchecked((x ^ (x >> 27)) * 0x94D049BB133111EB);
        return (x ^ (x >> 31)) >> 1;
    }
}

/// <summary>A row comes in; numbers below <see cref="ShuffledRows.Exposures"/> are exposures.</summary>
internal readonly record struct Arrival(int Row, DateTimeOffset At);
