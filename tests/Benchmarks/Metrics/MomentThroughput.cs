using System.Globalization;
using Delivery.Contracts.Exposures;
using Delivery.Contracts.Metrics;
using Delivery.Metrics.Events;
using Delivery.Metrics.Folding;
using Delivery.Metrics.Health;

namespace Delivery.Benchmarks.Metrics;

/// <summary>
/// How many events a second one core folds, and what a unit costs: dense (every unit many times) and 10 million distinct units. From the
/// decoded event to the moments updated: time and environment checked, the id looked up among all others and kept, sources matched,
/// unit found, sums moved, raw event kept. Decoding is not in it. Beside it the limits of this machine in the same run: the same sums without ids, order or late exposures,
/// by a loop over arrays and by a dictionary. Times are of the processor, so that others on the machine don't count.
/// <c>moments [millions [dense|distinct]]</c>; 10 and both by default.
/// </summary>
internal static class MomentThroughput
{
    public const string Name = "moments";
    private const int Batch = 1_000;
    private const int Block = 64;
    private const double EventsPerSecond = 50_000;
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);
    private static readonly MetricDefinition Count = new("orders", "orders", MetricKind.Count, new MeasuredEvents("purchase"));
    private static readonly MetricDefinition Revenue = new("revenue", "revenue", MetricKind.Mean, new MeasuredEvents("purchase", MeasureOf.Value));

    public static int Run(string[] options)
    {
        var events = (options is [var millions, ..] ? int.Parse(millions, CultureInfo.InvariantCulture) : 10) * 1_000_000;

        // The compiler's later tiers come with use.
        Fold(3_000_000, 50_000, [Count, Revenue]);
        foreach (var (title, units) in new[] { ("dense, 100,000 units", 100_000), ("distinct units", events) })
        {
            if (options is [_, var only, ..] && !title.StartsWith(only, StringComparison.Ordinal))
                continue;
            GC.Collect();
            var (array, dictionary) = (Loop(events, units), Dictionary(events, units));
            System.Console.WriteLine($"{title}: {events:N0} events");
            System.Console.WriteLine($"  limit, loop over arrays   {Rate(events, array)}");
            System.Console.WriteLine($"  limit, dictionary         {Rate(events, dictionary)}");
            foreach (var (name, metrics) in new[] { ("one metric", new[] { Count }), ("two metrics", [Count, Revenue]) })
            {
                var time = Move(events, units, metrics);
                System.Console.WriteLine($"  moments alone, {name,-11} {Rate(events, time)}  {array / time:P0} of the loop, {dictionary / time:P0} of the dictionary");
            }

            foreach (var (name, metrics, timedIds) in new[] { ("one metric", new[] { Count }, true), ("two metrics", [Count, Revenue], true), ("two, other ids", [Count, Revenue], false) })
            {
                var (time, exposing, bytes, unitBytes) = Fold(events, units, metrics, timedIds);
                System.Console.WriteLine($"  whole fold, {name,-14} {Rate(events, time)}  {array / time:P0} of the loop, {dictionary / time:P0} of the dictionary");
                System.Console.WriteLine($"    exposures               {Rate(units, exposing)}");
                System.Console.WriteLine($"    memory                  {bytes / 1e6:N0} MB: {unitBytes:N0} B a unit, {(bytes - (unitBytes * units)) / events:N0} B an event within the lateness");
            }
        }

        return 0;
    }

    /// <summary>The moments alone: the unit is found and its sums move, for events that are known to be new and of which no raw one is kept.</summary>
    private static double Move(int events, int units, MetricDefinition[] metrics)
    {
        var fold = Exposed(units, metrics, out _);
        // The first event names what all of them count for.
        fold.Apply([Event(0, units, timedIds: true)]);
        var (amounts, places, measuring) = (new UnitAmount[Block], new int[Block], 0.0);
        for (var i = 0; i < events; i += Batch)
        {
            var batch = Enumerable.Range(i, Batch).Select(e => new UnitAmount(UnitOf(e, units), At(e).UtcTicks, e % 1_000 * 1_000_000L, 0)).ToArray();
            var start = Processor();
            for (var at = 0; at < batch.Length; at += Block)
            {
                var now = batch.AsSpan(at, Math.Min(Block, batch.Length - at));
                now.CopyTo(amounts);
                fold.Apply(amounts.AsSpan(0, now.Length), places, keepSince: long.MaxValue);
            }

            measuring += Processor() - start;
        }

        return measuring;
    }

    private static (double Seconds, double Exposing, double Bytes, double UnitBytes) Fold(int events, int units, MetricDefinition[] metrics, bool timedIds = true)
    {
        var fold = Exposed(units, metrics, out var exposing);
        var measuring = 0.0;
        var unitBytes = fold.Bytes;
        for (var i = 0; i < events; i += Batch)
        {
            var rows = Enumerable.Range(i, Batch).Select(e => Event(e, units, timedIds)).ToArray();
            var start = Processor();
            fold.Apply(rows);
            measuring += Processor() - start;
        }

        return (measuring, exposing, fold.Bytes, (double)unitBytes / units);
    }

    private static MomentFold Exposed(int units, MetricDefinition[] metrics, out double exposing)
    {
        var fold = new MomentFold("production", [new FollowedFlag("checkout", 1, [.. metrics.Select(m => new MetricToMeasure(m.Name, m))])], new FoldLimits());
        exposing = 0;
        for (var unit = 0; unit < units; unit += Batch)
        {
            var rows = Enumerable.Range(unit, Math.Min(Batch, units - unit)).Select(u => new RecordedExposure(
                u, default, "production", "checkout", (u & 1) == 0 ? "on" : "off", "", Hash(u), "SPLIT", null, 3, 3, Start, Start)).ToArray();
            var start = Processor();
            fold.Apply(rows);
            exposing += Processor() - start;
        }

        return fold;
    }

    private static MetricEvent Event(int e, int units, bool timedIds) => new(
        e, Id(e, At(e), timedIds), "production", "purchase", "", UnitOf(e, units), e % 1_000 * 1_000_000L, null, null, At(e), At(e), null, null);

    private static DateTimeOffset At(int e) => Start.AddSeconds(1 + (e / EventsPerSecond));

    private static ulong UnitOf(int e, int units) => Hash((int)(e * 7_919L % units));

    private static double Loop(int events, int units)
    {
        var (sums, s1, s2) = (new long[units], Int128.Zero, Int128.Zero);
        var start = Processor();
        for (var e = 0; e < events; e++)
            Move(ref sums[(int)(e * 7_919L % units)], ref s1, ref s2);
        return Told(start, s1, events);
    }

    private static double Dictionary(int events, int units)
    {
        var (sums, s1, s2) = (new Dictionary<ulong, long>(), Int128.Zero, Int128.Zero);
        for (var unit = 0; unit < units; unit++)
            sums.Add(Hash(unit), 0);
        var start = Processor();
        for (var e = 0; e < events; e++)
            Move(ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrNullRef(sums, Hash((int)(e * 7_919L % units))), ref s1, ref s2);
        return Told(start, s1, events);
    }

    private static void Move(ref long x, ref Int128 s1, ref Int128 s2)
    {
        const long D = 1_000_000;
        s1 += D;
        s2 += Math.BigMul(D, (2 * x) + D);
        x += D;
    }

    private static double Told(double start, Int128 sum, int events) =>
        sum == (Int128)events * 1_000_000 ? Processor() - start : throw new InvalidOperationException("The limit's sum is wrong.");

    private static string Rate(int count, double seconds) => string.Create(CultureInfo.InvariantCulture, $"{count / seconds / 1e6,6:F2} M/s");

    private static double Processor() => Environment.CpuUsage.TotalTime.TotalSeconds;

    private static ulong Hash(int unit)
    {
        var x = (ulong)unit * 0xBF58476D1CE4E5B9;
        return (x ^ (x >> 31)) * 0x94D049BB133111EB;
    }

    /// <summary>Of version 7, as the SDKs make them: up to a second ago in any order, and the rest random. Otherwise all random.</summary>
    private static Guid Id(int e, DateTimeOffset at, bool timed)
    {
        var (made, random) = ((at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMillisecond - (long)(Hash(e) % 1_000), Hash(e));
        return timed
            ? new Guid((int)(made >> 16), (short)made, (short)(0x7000 | (random >> 52)), 0x80, (byte)random, (byte)(random >> 8), (byte)(random >> 16), (byte)e, (byte)(e >> 8), (byte)(e >> 16), (byte)(e >> 24))
            : new Guid((int)random, (short)(random >> 32), (short)(0x4000 | (random >> 52)), 0x80, 1, 2, 3, (byte)e, (byte)(e >> 8), (byte)(e >> 16), (byte)(e >> 24));
    }
}
