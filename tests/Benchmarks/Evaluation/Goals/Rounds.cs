using System.Diagnostics;

namespace Delivery.Benchmarks.Evaluation.Goals;

/// <summary>One thing to time.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Loop">Does it so many times; what it returns keeps the work alive.</param>
internal sealed record Timed(string Name, Func<int, int> Loop);

/// <summary>What one thing costs.</summary>
/// <param name="Nanoseconds">The quietest tenth of the rounds took at most this.</param>
/// <param name="Bytes">Allocated by one, on average.</param>
internal sealed record Cost(double Nanoseconds, double Bytes);

/// <summary>
/// Times things side by side: a short round of each in turn, so that a slow moment of the machine meets all of them, and the
/// quietest tenth of many rounds: what else the machine does is only ever added.
/// </summary>
internal static class Rounds
{
    public const int Count = 200;
    private const double RoundNanoseconds = 1e6;
    private const int WarmUpCalls = 60;
    private const int WarmUpLength = 20_000;

    public static IReadOnlyDictionary<string, Cost> Measure(IReadOnlyList<Timed> cases)
    {
        // Twice: what the first pass makes the JIT compile, it compiles while the others have their turn.
        foreach (var one in cases.Concat(cases))
            WarmUp(one);
        var lengths = cases.ToDictionary(one => one.Name, Length);
        var rounds = cases.ToDictionary(one => one.Name, _ => new List<double>());
        for (var round = 0; round < Count; round++)
        {
            foreach (var one in cases)
                rounds[one.Name].Add(Time(one, lengths[one.Name]));
        }

        return cases.ToDictionary(one => one.Name, one => new Cost(Quiet(rounds[one.Name]), Bytes(one, lengths[one.Name])));
    }

    public static double Quiet(IEnumerable<double> rounds)
    {
        var sorted = rounds.Order().ToArray();
        return sorted[sorted.Length / 10];
    }

    /// <summary>Until the JIT has seen enough of it; it compiles on another thread, so the calls are spread.</summary>
    private static void WarmUp(Timed one)
    {
        var slow = Time(one, 100) > 100_000;
        for (var call = 0; call < WarmUpCalls; call++)
            one.Loop(slow ? 10 : WarmUpLength);
    }

    private static int Length(Timed one) => Math.Max(10, (int)(RoundNanoseconds / Time(one, 1_000)));

    private static double Time(Timed one, int length)
    {
        var start = Stopwatch.GetTimestamp();
        one.Loop(length);
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / length;
    }

    private static double Bytes(Timed one, int length)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        one.Loop(length);
        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)length;
    }
}
