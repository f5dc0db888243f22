using Delivery.Contracts.Exposures;
using Delivery.Metrics.Events;

namespace Delivery.Metrics.Tests.Health;

/// <summary>Rows of the two logs, with what a test does not care about filled in.</summary>
internal static class Rows
{
    public static readonly DateTimeOffset Start = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);

    public static DateTimeOffset At(int seconds) => Start.AddSeconds(seconds);

    public static RecordedExposure Exposure(
        int id, ulong unit, string variant, long version, int at, string flag = "checkout", string environment = "production", int? receivedAt = null) => new(
            id, Id(id), environment, flag, variant, $"u{unit}", unit, "SPLIT", "rule-1", version, version, At(at), At(receivedAt ?? at));

    public static MetricEvent Request(
        int id, ulong unit, int at, long? microseconds = null, bool? failed = false, params EvaluatedFlag[]? flags) =>
        Event(id, "request", unit, at) with { DurationMicroseconds = microseconds, Failed = failed, Flags = flags is { Length: 0 } ? null : flags };

    public static MetricEvent Event(int id, string name, ulong unit, int at, int? receivedAt = null) => new(
        id, Id(id), "production", name, $"u{unit}", unit, null, null, null, At(at), At(receivedAt ?? at), null, null);

    public static Guid Id(int id) => new(id, 7, 7, 1, 2, 3, 4, 5, 6, 7, 8);
}
