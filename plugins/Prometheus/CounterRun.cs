namespace Delivery.Plugins.Prometheus;

/// <summary>A series over a span of time: where it began and ended, and what it gained in between, restarts included.</summary>
/// <param name="FirstAt">When its first sample is from.</param>
/// <param name="First">What it stood at then.</param>
/// <param name="LastAt">When its last sample is from.</param>
/// <param name="Last">What it stood at then.</param>
/// <param name="Gained">From the first to the last.</param>
internal sealed record CounterRun(DateTimeOffset FirstAt, Level First, DateTimeOffset LastAt, Level Last, Level Gained)
{
    public static CounterRun Begin(DateTimeOffset at, Level level) => new(at, level, at, level, Level.Zero);

    public CounterRun Then(DateTimeOffset at, Level level) =>
        this with { LastAt = at, Last = level, Gained = Gained + Level.Step(Last, level) };
}
