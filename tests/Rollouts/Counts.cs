using Delivery.Contracts.Metrics;

namespace Delivery.Rollouts.Tests;

/// <summary>Counts in short.</summary>
internal static class Counts
{
    public static ArmHealth Arm(long units, long failing = 0, params LatencyBucket[] latency) =>
        new(units, units, units, failing, failing, latency, new Dictionary<string, long>());

    public static EpochHealth Epoch(long version, ArmHealth released, ArmHealth control) => new(version, released, control);
}
